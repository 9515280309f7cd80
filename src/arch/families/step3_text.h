#pragma once

#include <vector>

#include "json/fields.h"

namespace vram::arch::families {

/// The layers with experts that "moe_layers_enum" lists, as text or as numbers; from `first` to `last` where it is
/// absent.
std::vector<std::int64_t> read_step3_sparse_layers(const json::Fields& config, std::int64_t first, std::int64_t last);

/// Heads of Step-3.5's sliding layers.
std::int64_t read_step3_sliding_heads(const json::Fields& config, std::int64_t absent);

}  // namespace vram::arch::families
