// What capturing CUDA graphs takes beside the graphs themselves: the pool that all of them share, as large as the
// largest batch needs it, less what torch gives back when the first capture empties its cache.
#pragma once

#include "hardware/gpu.h"
#include "memory/activations.h"

namespace vram::memory {

/// The batches that are captured, in tokens.
struct Capture {
  std::int64_t largest = 0;       // of any; 0: none is
  std::int64_t largest_full = 0;  // of those captured with attention; 0: none is
  std::int64_t batched = 0;       // max_num_batched_tokens
};

struct GraphPool {
  Bytes held;        // one forward pass of the largest batch, and FlashAttention's partial results
  Bytes given_back;  // counted against the graphs

  [[nodiscard]] Bytes taken() const { return held - given_back; }
};

/// source  vllm v0.19.0 vllm/v1/attention/backends/flash_attn.py: max_num_splits for graphs, 32 partial results of each
///         head and token in fp32; v0.11.2 to v0.17.0 vllm/model_executor/warmup/kernel_warmup.py: FlashInfer is tuned
///         with a whole batch right before vLLM measures what is free; v0.18.0 empties the cache first
GraphPool graph_pool(const Model& model, const ActivationShape& shape, const Parallel& parallel, const Stage& stage,
                     const Platform& platform, hardware::Vendor vendor, const Capture& capture,
                     const ActivationConstants& constants);

}  // namespace vram::memory
