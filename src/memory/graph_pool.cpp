#include "memory/graph_pool.h"

#include <algorithm>

#include "memory/expert_workspaces.h"

namespace vram::memory {
namespace {

/// Partial results that FlashAttention 3 may split a decode step into; 0 before it was captured.
constexpr vllm::Step<std::int64_t> kSplits[] = {
    {{}, 0, "vllm v0.10.0 vllm/v1/attention/backends/flash_attn.py: attention is not captured by default"},
    {{2025, 8, 16}, 16, "~ vllm v0.10.1 vllm/envs.py, VLLM_FLASH_ATTN_MAX_NUM_SPLITS_FOR_CUDA_GRAPH"},
    {{2025, 9, 23}, 32, "~ vllm v0.11.0 vllm/envs.py, the same"},
};
static_assert(vllm::well_formed(kSplits));

/// A batch runs right before vLLM looks at what is free.
constexpr vllm::Step<bool> kTunesBefore[] = {
    {{}, false, "vllm v0.10.1 warmup/kernel_warmup.py: compute capability 10.0 alone; FlashInfer is an extra"},
    {{2025, 11, 11}, true, "~ vllm v0.11.2 warmup/kernel_warmup.py; requirements/cuda.txt has FlashInfer"},
    {{2026, 3, 7}, false, "~ vllm v0.18.0 vllm/v1/worker/gpu_model_runner.py, capture_model empties the cache"},
};
static_assert(vllm::well_formed(kTunesBefore));

/// Columns of the widest result of an attention layer; nothing where FlashAttention 3 does not run it.
std::int64_t value_width(const Layer& layer) {
  constexpr std::int64_t kWidestHead = 256;
  std::int64_t widest = 0;
  for (const CacheLayer& each : layer.caches) {
    if (const auto* full = std::get_if<FullAttention>(&each.cache)) widest = full->heads.value_width;
    if (const auto* window = std::get_if<SlidingWindow>(&each.cache))
      widest = std::max(widest, window->heads.value_width);
    if (const auto* chunk = std::get_if<ChunkedLocal>(&each.cache)) widest = std::max(widest, chunk->heads.value_width);
    const auto* latent = std::get_if<LatentAttention>(&each.cache);
    if (latent && !latent->sparse) return latent->latent;
  }
  return widest > kWidestHead ? 0 : widest;
}

/// Of the widest layer; one buffer after the other takes the same memory.
Bytes partial_results(const Model& model, const Parallel& parallel, const Platform& platform, std::int64_t tokens) {
  constexpr std::int64_t kLogSum = 1;
  std::int64_t widest = 0;
  for (const Layer& layer : model.kinds) widest = std::max(widest, value_width(layer));
  const std::int64_t splits = vllm::in_force(kSplits, platform.as_of);
  if (platform.capability != 90 || widest == 0) return {};
  return Bytes(4 * splits) * (model.attention_heads / parallel.tensor) * (widest + kLogSum) * tokens;
}

}  // namespace

GraphPool graph_pool(const Model& model, const ActivationShape& shape, const Parallel& parallel, const Stage& stage,
                     const Platform& platform, hardware::Vendor vendor, const Capture& capture,
                     const ActivationConstants& constants) {
  if (capture.largest == 0) return {};
  const auto pass = [&](std::int64_t tokens) {
    return forward_pass(model, shape, parallel, stage, platform, tokens, constants);
  };
  GraphPool pool;
  pool.held = pass(capture.largest);
  if (vendor != hardware::Vendor::kNvidia) return pool;
  pool.held += partial_results(model, parallel, platform, capture.largest_full);
  if (platform.capability >= 90 && vllm::in_force(kTunesBefore, platform.as_of))
    pool.given_back = pass(capture.batched);
  return pool;
}

}  // namespace vram::memory
