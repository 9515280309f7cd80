#pragma once

#include <string>

#include "arch/builder.h"

namespace vram::arch::families {

/// Glm4MoE as `name`: the router and its correction in 32-bit floats.
void add_glm4_experts(Block& layer, const std::string& name, const json::Fields& config, std::int64_t hidden);

}  // namespace vram::arch::families
