#pragma once

#include <string>

#include "arch/decoder.h"
#include "arch/latent.h"

namespace vram::arch::families {

/// Glm4MoE as `name`: the router and its correction in 32-bit floats.
void add_glm4_experts(Block& layer, const std::string& name, const json::Fields& config, std::int64_t hidden);

struct Glm4Stack {
  Decoder decoder;
  SelfAttention attention;
};
/// source  vllm/model_executor/models/glm4_moe.py
Glm4Stack read_glm4(const Builder& builder);
/// Glm4MoeDecoderLayer as layer `i`.
void add_glm4_layer(Block& layer, const Glm4Stack& stack, std::int64_t i);

struct Glm4LiteStack {
  Decoder decoder;
  LatentWidths widths;
  RotaryTable rotary;
};
/// source  vllm/model_executor/models/glm4_moe_lite.py
Glm4LiteStack read_glm4_lite(const Builder& builder);
/// Glm4MoeLiteDecoderLayer as layer `i`.
void add_glm4_lite_layer(Block& layer, const Glm4LiteStack& stack, std::int64_t i);

}  // namespace vram::arch::families
