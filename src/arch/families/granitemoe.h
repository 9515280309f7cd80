#pragma once

#include "arch/decoder.h"

namespace vram::arch::families {

/// GraniteMoeMoE as `block_sparse_moe`.
void add_granite_experts(Block& layer, const json::Fields& config, const Decoder& decoder, std::int64_t experts);

/// GraniteMoeSharedMLP as `shared_mlp`.
void add_granite_shared_mlp(Block& layer, std::int64_t hidden, std::int64_t shared);

}  // namespace vram::arch::families
