// The groups of `vllm serve --help` and what stands in each, in its order.
//
//   source  vllm 0.33.0, vllm/engine/arg_utils.py, EngineArgs.add_cli_args

const NAMES: Record<string, string> = {
  ModelConfig: `
    model runner convert tokenizer tokenizer-mode trust-remote-code dtype seed hf-config-path
    allowed-local-media-path allowed-media-domains revision code-revision tokenizer-revision max-model-len
    quantization quantization-config allow-deprecated-quantization enforce-eager enable-return-routed-experts
    return-sampling-mask max-logprobs logprobs-mode use-fp64-gumbel enable-trace-replay disable-sliding-window
    disable-cascade-attn skip-tokenizer-init enable-prompt-embeds served-model-name config-format hf-token
    hf-overrides model-class-overrides pooler-config generation-config override-generation-config
    enable-sleep-mode sleep-mode-backend sleep-mode-offload-cudagraph sleep-preserve-parameter-names
    enable-cumem-allocator enable-nccl-comm-suspend model-impl logits-processors io-processor-plugin
    renderer-num-workers`,
  LoadConfig: `
    load-format download-dir safetensors-load-strategy safetensors-prefetch-num-threads
    safetensors-prefetch-block-size model-loader-extra-config ignore-patterns use-tqdm-on-load
    pt-load-map-location`,
  AttentionConfig: `
    attention-backend`,
  MambaConfig: `
    mamba-backend mamba-ssu-algorithm enable-mamba-cache-stochastic-rounding mamba-cache-philox-rounds`,
  StructuredOutputsConfig: `
    reasoning-parser reasoning-parser-plugin`,
  ParallelConfig: `
    distributed-executor-backend pipeline-parallel-size master-addr master-port nnodes node-rank
    distributed-timeout-seconds cpu-distributed-timeout-seconds numa-bind numa-bind-nodes numa-bind-cpus
    device-ids tensor-parallel-size decode-context-parallel-size dcp-comm-backend dcp-q-replicate
    dcp-kv-cache-interleave-size cp-kv-cache-interleave-size prefill-context-parallel-size data-parallel-size
    data-parallel-rank data-parallel-start-rank data-parallel-size-local data-parallel-address
    data-parallel-rpc-port data-parallel-backend data-parallel-hybrid-lb data-parallel-external-lb
    data-parallel-multi-port-external-lb enable-hc-sp enable-expert-parallel enable-batch-sharded-sampling
    enable-ep-weight-filter all2all-backend enable-dbo enable-shm-tensor-arena ubatch-size enable-elastic-ep
    elastic-ep-max-dp-size dbo-decode-token-threshold dp-sync-interval dbo-prefill-token-threshold
    disable-nccl-for-dp-synchronization enable-eplb eplb-config expert-placement-strategy
    max-parallel-loading-workers ray-workers-use-nsight disable-custom-all-reduce worker-cls worker-extension-cls
    enable-fault-tolerance fault-tolerance-config`,
  CacheConfig: `
    block-size gpu-memory-utilization kv-cache-memory-bytes kv-cache-dtype num-gpu-blocks-override
    enable-prefix-caching prefix-caching-hash-algo prefix-cache-retention-interval kv-cache-dtype-skip-layers
    kv-sharing-fast-prefill swa-bounded-replay mamba-cache-dtype mamba-ssm-cache-dtype mamba-block-size
    prefix-match-unit mamba-cache-mode enable-mamba-shared-prefix-checkpoint replayssm-buffer-len use-replayssm
    kv-offloading-size kv-offloading-backend`,
  OffloadConfig: `
    offload-backend cpu-offload-gb cpu-offload-params offload-group-size offload-num-in-group
    offload-prefetch-step offload-params`,
  MultiModalConfig: `
    language-model-only limit-mm-per-prompt enable-mm-embeds media-io-kwargs mm-processor-kwargs
    mm-processor-cache-gb mm-processor-cache-type mm-hasher-algorithm mm-shm-cache-max-object-size-mb
    mm-encoder-only mm-encoder-tp-mode mm-encoder-attn-backend mm-encoder-attn-dtype mm-encoder-fp8-scale-path
    mm-encoder-fp8-scale-save-path mm-encoder-fp8-scale-save-margin interleave-mm-strings skip-mm-profiling
    video-pruning-rate video-pruning-method mm-tensor-ipc mm-processor-device mm-ipc-gpu-memory-gb
    mm-device-do-normalize`,
  LoRAConfig: `
    enable-lora max-loras max-lora-rank lora-dtype enable-tower-connector-lora max-cpu-loras fully-sharded-loras
    lora-target-modules default-mm-loras specialize-active-lora enable-mixed-moe-lora-format
    enable-moe-shared-loras max-lora-cls-labels`,
  LoggingConfig: `
    logging-config log-level log-config-file`,
  ObservabilityConfig: `
    show-hidden-metrics-for-version otlp-traces-endpoint collect-detailed-traces per-request-spec-decode-metrics
    kv-cache-metrics kv-cache-metrics-sample custom-histogram-buckets cudagraph-metrics
    enable-layerwise-nvtx-tracing enable-mfu-metrics enable-logging-iteration-details jit-monitor-mode
    jit-monitor-verbose`,
  SchedulerConfig: `
    max-num-batched-tokens max-num-scheduled-tokens max-num-seqs max-num-active-seqs max-num-queued-reqs
    max-num-queued-tokens long-prefill-token-threshold long-prefill-token-threshold-adaptive scheduling-policy
    enable-chunked-prefill disable-chunked-mm-input scheduler-cls scheduler-reserve-full-isl watermark
    prefill-schedule-interval disable-hybrid-kv-cache-manager async-scheduling stream-interval`,
  CompilationConfig: `
    cudagraph-capture-sizes max-cudagraph-capture-size`,
  KernelConfig: `
    ir-op-priority enable-flashinfer-autotune monokernel moe-backend linear-backend sparse-indexer-topk-backend`,
  VllmConfig: `
    speculative-config spec-method spec-model spec-tokens watermark-config diffusion-config kv-transfer-config
    kv-events-config ec-transfer-config ec-manager-config compilation-config attention-config engram-config
    reasoning-config kernel-config additional-config structured-outputs-config aux-output-config profiler-config
    watchdog-config optimization-level performance-mode weight-transfer-config`,
};

export const GROUPS: [string, string[]][] = Object.entries(NAMES).map(([group, names]) => [group, names.trim().split(/\s+/)]);

/** Of the server rather than the engine, and what only earlier releases have. */
export const OTHERS = 'Frontend, and earlier releases';
