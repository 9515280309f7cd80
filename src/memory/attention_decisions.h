// The choice of an attention backend before backends were asked: a list of decisions.
#pragma once

#include "memory/attention_selection.h"

namespace vram::memory {

/// `needs.block_size` is the cache's, after vLLM forced it for MLA.
///
///   source  vllm/platforms/cuda.py, get_attn_backend_cls (0.8 to 0.11.0)
Result<AttentionBackend> decided_backend(const AttentionNeeds& needs, const AttentionContext& context,
                                         const std::optional<AttentionBackend>& wanted);

}  // namespace vram::memory
