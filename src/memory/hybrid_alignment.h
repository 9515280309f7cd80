// Fitting the pages of attention and of recurrent states to one another.
#pragma once

#include "memory/block_sizes.h"

namespace vram::memory {

/// Raises the block until a page of attention holds a state, and pads the state to it. `question.recurrent` is set;
/// `sizes.block` is the one found so far.
///
///   source  vllm/model_executor/models/config.py, HybridAttentionMambaModelConfig (0.10 to 0.19);
///           vllm/platforms/interface.py, _align_hybrid_block_size (from 0.20)
void align_hybrid(const BlockQuestion& question, BlockSizes& sizes);

}  // namespace vram::memory
