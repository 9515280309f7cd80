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

/// The figures of a Qwen3-Next language model.
struct Qwen3Next {
  Decoder decoder;
  RotaryTable rotary;
  GatedDelta delta;
  SharedExperts experts;
  std::int64_t sparse_step = 1;
  std::vector<std::int64_t> dense_layers;
};
Qwen3Next read_qwen3_next(const Builder& builder);

/// Qwen3NextDecoderLayer.
void add_qwen3_next_layer(Block& layer, const Qwen3Next& text, std::int64_t i, bool recurrent);

/// A decoder layer's norms and, with "layer_scale", its scales.
void add_layer_norms(Block& layer, std::int64_t hidden);

/// The rotary table of a config class that rotates a quarter of a head unless told otherwise.
RotaryTable quarter_rotary_table(const Builder& builder, const Decoder& decoder, std::int64_t mrope_factor = 4);

}  // namespace vram::arch::families
