// Buffers that expert layers need beside their weights, by the kernel that runs them.
#pragma once

#include "memory/placement.h"
#include "model/model.h"

namespace vram::memory {

struct ExpertWorkspaces {
  Bytes transient;   // gone with the layer
  Bytes persistent;  // kept for later calls: what vLLM's workspace manager holds
  Bytes tuning;      // of a library's kernels while they are tuned; they work in place otherwise
};

/// Of the widest expert layer for `tokens` tokens.
///
///   element  bytes of the model's dtype
///   source   vllm/model_executor/layers/fused_moe: workspace_shapes of each kernel, oracle/*.py for the choice
ExpertWorkspaces expert_workspaces(const Model& model, const Parallel& parallel, const Platform& platform,
                                   std::int64_t tokens, std::int64_t element);

}  // namespace vram::memory
