#include "logs/facts.h"

#include <array>

namespace vram::logs {
namespace {

using enum Fact;

template <Fact... facts>
constexpr std::array<Fact, sizeof...(facts)> kFacts{facts...};

struct Name {
  Fact fact;
  std::string_view name;
};

constexpr Name kNames[] = {
    {kModelLoading, "model_loading_gib"},
    {kModelLoadingSeconds, "model_loading_seconds"},
    {kWeights, "weights_gib"},
    {kConsumed, "consumed_gib"},
    {kActivationPeak, "activation_peak_gib"},
    {kPeakTorch, "peak_torch_gib"},
    {kNonTorch, "non_torch_gib"},
    {kTotal, "total_gib"},
    {kFree, "free_gib"},
    {kDesired, "desired_gib"},
    {kBudget, "budget_gib"},
    {kUtilization, "gpu_memory_utilization"},
    {kAvailableKv, "available_kv_gib"},
    {kKvReserved, "kv_reserved_gib"},
    {kKvInUse, "kv_cache_in_use_gib"},
    {kNeededKv, "needed_kv_gib"},
    {kKvTokens, "kv_tokens"},
    {kConcurrency, "max_concurrency"},
    {kConcurrencyLength, "max_concurrency_len"},
    {kGpuBlocks, "num_gpu_blocks"},
    {kCpuBlocks, "num_cpu_blocks"},
    {kGraphs, "cudagraph_gib"},
    {kGraphsProfiled, "cudagraph_profiling_capture_gib"},
    {kGraphsEstimated, "cudagraph_estimated_gib"},
    {kMaxModelLen, "max_model_len"},
    {kEstimatedMaxLen, "est_max_len"},
    {kFittedMaxLen, "fitted_max_len"},
    {kMaxBatchedTokens, "max_num_batched_tokens"},
    {kEncoderBudget, "encoder_cache_budget_tokens"},
    {kAttentionBlock, "attention_block_size"},
    {kMambaPadding, "mamba_page_padding_pct"},
    {kPaddingLayers, "padding_layers"},
    {kTensorParallel, "tensor_parallel_size"},
    {kPipelineParallel, "pipeline_parallel_size"},
    {kDataParallel, "data_parallel_size"},
    {kOomTried, "oom_tried_gib"},
    {kOomTotal, "oom_total_gib"},
    {kOomFree, "oom_free_gib"},
    {kWarmUpRequests, "warm_up_requests"},
    {kNothing, ""},
};

consteval bool in_order() {
  for (std::size_t i = 0; i < std::size(kNames); ++i)
    if (std::size_t(kNames[i].fact) != i) return false;
  return std::size(kNames) == std::size_t(kNothing) + 1;
}
static_assert(in_order());

// The words are vLLM's, by release: 0.6.3, 0.8.5, 0.9.2, 0.10.2, 0.14.1, 0.19.0, 0.25.1, 0.28.0 and 0.33.0, in
// vllm/worker/{worker,model_runner}.py, vllm/v1/worker/{gpu_worker,gpu_model_runner,utils}.py,
// vllm/v1/worker/gpu/model_runner.py, vllm/v1/core/kv_cache_utils.py, vllm/v1/engine/core.py, vllm/config and
// vllm/engine/arg_utils.py; those of running out of memory are torch's, c10/cuda/CUDACachingAllocator.cpp.
constexpr Wording kWordings[] = {
    {"odel loading took {} G*and {} seconds", kFacts<kModelLoading, kModelLoadingSeconds>},
    {"odel loading took {} G", kFacts<kModelLoading>},
    {"Loading model weights took {} G", kFacts<kModelLoading>},

    {"total_gpu_memory={}G*peak_torch_memory={}G*non_torch_memory={}G*kv_cache_size={}G*gpu_memory_utilization={}",
     kFacts<kTotal, kPeakTorch, kNonTorch, kAvailableKv, kUtilization>},
    {"total_gpu_memory ({}G*) x gpu_memory_utilization ({}) = {}G", kFacts<kTotal, kUtilization, kBudget>},
    {"model weights take {}G*; non_torch_memory takes {}G*; PyTorch activation peak memory takes {}G*; the rest of the "
     "memory reserved for KV Cache is {}G",
     kFacts<kWeights, kNonTorch, kActivationPeak, kKvReserved>},

    {"Free memory on device*({}/{} GiB) on startup", kFacts<kFree, kTotal>},
    {"esired GPU memory utilization*({}, {} GiB)", kFacts<kUtilization, kDesired>},
    {"Actual usage is {} GiB for weight, {} GiB for peak activation, {} GiB for non-torch memory, and {} GiB for "
     "CUDAGraph memory",
     kFacts<kWeights, kActivationPeak, kNonTorch, kGraphs>},
    {"Actual usage is {} GiB for consumed memory*, {} GiB for peak activation, and {} GiB for CUDAGraph memory",
     kFacts<kConsumed, kActivationPeak, kGraphs>},
    {"Current kv cache memory in use is {size}", kFacts<kKvInUse>},
    {"Initial free memory {} GiB, reserved {} GiB memory for KV Cache", kFacts<kFree, kKvReserved>},
    {"The current --gpu-memory-utilization={} is equivalent", kFacts<kUtilization>},
    {"increasing --gpu-memory-utilization from {} to", kFacts<kUtilization>},

    {"Initial free memory: {} GiB; Requested memory: {} (util), {} GiB", kFacts<kFree, kUtilization, kDesired>},
    {"Initial free memory: {} GiB, free memory: {} GiB, requested GPU memory: {} GiB",
     kFacts<kFree, kNothing, kDesired>},
    {"torch peak memory increase: {}GiB; non-torch forward increase memory: {}GiB; weights memory: {}GiB",
     kFacts<kActivationPeak, kNonTorch, kWeights>},
    {"torch peak memory increase: {}GiB; total consumed*: {}GiB; weights memory: {}GiB",
     kFacts<kActivationPeak, kConsumed, kWeights>},

    {"Available KV cache memory: {} G", kFacts<kAvailableKv>},
    {"GPU KV cache size: {} tokens", kFacts<kKvTokens>},
    {"Maximum concurrency for {} tokens per request: {}x", kFacts<kConcurrencyLength, kConcurrency>},
    {"Maximum concurrency for {} tokens", kFacts<kMaxModelLen>},
    {" blocks: {}, # CPU blocks: {}", kFacts<kGpuBlocks, kCpuBlocks>},

    {"Graph capturing finished in {} secs, took {} GiB", kFacts<kNothing, kGraphs>},
    {"Estimated CUDA graph memory: {} GiB", kFacts<kGraphsEstimated>},
    {"CUDA graph pool memory: {} GiB (actual), {} GiB (estimated)", kFacts<kGraphs, kGraphsEstimated>},

    {"max seq len ({}), ({} GiB KV cache is needed, which is larger than the available KV cache memory ({} GiB)",
     kFacts<kMaxModelLen, kNeededKv, kAvailableKv>},
    {"the estimated maximum model length is {}", kFacts<kEstimatedMaxLen>},
    {"max seq len ({}) is larger than the maximum number of tokens that can be stored in KV cache ({})",
     kFacts<kMaxModelLen, kEstimatedMaxLen>},

    {"Using max model len {}", kFacts<kMaxModelLen>},
    {"Auto-fit max_model_len: reduced from {} to {} to fit", kFacts<kNothing, kFittedMaxLen>},
    {"Chunked prefill is enabled with max_num_batched_tokens={}", kFacts<kMaxBatchedTokens>},
    {"Encoder cache will be initialized with a budget of {} tokens", kFacts<kEncoderBudget>},
    {"Setting attention block size to {} tokens", kFacts<kAttentionBlock>},
    {"Padding mamba page size by {}%", kFacts<kMambaPadding>},
    {"Add {} padding layers", kFacts<kPaddingLayers>},

    {"Tried to allocate {size}. GPU {} has a total capac*of {size} of which {size} is free",
     kFacts<kOomTried, kNothing, kOomTotal, kOomFree>},
    {"Tried to allocate {size}", kFacts<kOomTried>},
    {"out of memory occurred when warming up sampler with {} dummy requests", kFacts<kWarmUpRequests>},
};

}  // namespace

std::string_view name(Fact fact) { return kNames[std::size_t(fact)].name; }

std::span<const Wording> wordings() { return kWordings; }

}  // namespace vram::logs
