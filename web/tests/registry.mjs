/** A registry as ImageWorks has it, with one entry of each kind. */
export const REGISTRY = JSON.stringify(
  [
    {
      name: 'qwen3-8b', display_name: 'Qwen3 8B', backend: 'vllm',
      backend_config: { port: 8000, model_path: '/models/Qwen/Qwen3-8B', extra_args: ['--max-model-len', '4096', '--gpu-memory-utilization', '0.85'] },
      quantization: 'bf16', generation_defaults: { context_window: 4096 },
      metadata: { architecture: { num_layers: 36, num_kv_heads: 8, head_dim: 128, context_length: 40960 } },
    },
    {
      name: 'house-vlm', display_name: 'House VLM', backend: 'vllm', backend_config: { port: 8001, model_path: '/models/house-vlm', extra_args: [] }, quantization: 'q4',
      metadata: { architecture: { params_billion: 12.2, num_layers: 48, num_kv_heads: 8, head_dim: 256, vision: { num_layers: 27, hidden_size: 1152, image_size: 896, patch_size: 14 } } },
    },
  ],
  null,
  2,
);
