// What the page and the service of the tests are given.

/** A start that runs out of memory while its graphs are captured. */
export const LOG = `(APIServer pid=1) INFO 06-01 10:00:00 [api_server.py:1000] vLLM API server version 0.19.0
(APIServer pid=1) INFO 06-01 10:00:01 [utils.py:200] non-default args: {'model': 'openai/gpt-oss-20b', 'max_model_len': 8192, 'gpu_memory_utilization': 0.95}
(EngineCore pid=9) INFO 06-01 10:00:40 [gpu_model_runner.py:2007] Model loading took 13.64 GiB memory and 9.1 seconds
(EngineCore pid=9) INFO 06-01 10:01:00 [gpu_worker.py:300] Available KV cache memory: 58.47 GiB
(EngineCore pid=9) INFO 06-01 10:01:00 [kv_cache_utils.py:1000] GPU KV cache size: 1,277,184 tokens
(EngineCore pid=9) INFO 06-01 10:01:00 [kv_cache_utils.py:1004] Maximum concurrency for 8,192 tokens per request: 155.75x
(EngineCore pid=9) ERROR 06-01 10:01:20 [core.py:700] EngineCore failed to start.
(EngineCore pid=9) ERROR 06-01 10:01:20 [core.py:700] Traceback (most recent call last):
(EngineCore pid=9) ERROR 06-01 10:01:20 [core.py:700]   File "vllm/v1/engine/core.py", line 691, in run_engine_core
(EngineCore pid=9) ERROR 06-01 10:01:20 [core.py:700] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 786.00 MiB. GPU 0 has a total capacity of 79.19 GiB of which 552.50 MiB is free.
(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above.
`;

/** A small model of a known class. */
export const TINY = {
  architectures: ['Qwen3ForCausalLM'], model_type: 'qwen3', hidden_size: 1024, num_hidden_layers: 28, num_attention_heads: 16, num_key_value_heads: 8, head_dim: 128, intermediate_size: 3072,
  vocab_size: 151936, max_position_embeddings: 40960, tie_word_embeddings: true, torch_dtype: 'bfloat16',
};
