// Experts that a router picks from, and the shared ones beside them, as most sparse language models have them.
#pragma once

#include <optional>
#include <string>

#include "arch/builder.h"

namespace vram::arch {

struct RoutedExperts {
  std::int64_t count = 0, per_token = 1;
  std::int64_t intermediate = 0;
  std::int64_t shared_intermediate = 0;  // of all shared experts; 0: none
  bool shared_bias = false;
  std::optional<Dtype> router = {};  // of the gate's weights; absent: the model's
  std::string choice_bias = {};      // name of the correction of the choices, below the block; empty: none
  std::optional<Dtype> choice_dtype = Dtype::kFloat32;
  std::string gate = "gate", shared = "shared_experts";
  TokenSplit tokens = TokenSplit::kIgnored;  // of the shared experts
};

/// The gate, which is never quantised, the correction, the shared experts and FusedMoE as `name`.
void add_routed_experts(Block& layer, const std::string& name, std::int64_t hidden, const RoutedExperts& experts);

}  // namespace vram::arch
