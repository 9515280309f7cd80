#pragma once

#include "arch/decoder.h"
#include "arch/gated_delta.h"

namespace vram::arch::families {

/// Qwen3NextAttention as `self_attn`: output gate, norms over each head.
void add_gated_attention(Block& layer, const Decoder& decoder, const RotaryTable& rotary);

/// Qwen3NextSparseMoeBlock as `mlp`.
///
///   absent  num_experts, num_experts_per_tok, moe_intermediate_size and shared_expert_intermediate_size of the config
///           class
struct SharedExperts {
  std::int64_t count = 0, per_token = 0;
  std::int64_t intermediate = 0, shared = 0;
};
SharedExperts shared_experts(const json::Fields& config, const SharedExperts& absent);
void add_shared_experts(Block& layer, const SharedExperts& experts, std::int64_t hidden);

/// A decoder layer's norms and, with "layer_scale", its scales.
void add_layer_norms(Block& layer, std::int64_t hidden);

/// The rotary table of a config class that rotates a quarter of a head unless told otherwise.
RotaryTable quarter_rotary_table(const Builder& builder, const Decoder& decoder, std::int64_t mrope_factor = 4);

}  // namespace vram::arch::families
