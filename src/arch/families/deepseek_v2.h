#pragma once

#include <string>

#include "arch/builder.h"

namespace vram::arch::families {

/// DeepseekV2MoE as `name`.
void add_deepseek_experts(Block& layer, const std::string& name, const json::Fields& config, std::int64_t hidden);

/// Whether layer `i` has experts in place of its MLP.
bool is_deepseek_moe_layer(const json::Fields& config, std::int64_t i);

}  // namespace vram::arch::families
