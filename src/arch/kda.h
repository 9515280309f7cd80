// Kimi delta attention: a gated delta net whose decay is a vector a head, made by narrow projections.
#pragma once

#include <string>

#include "arch/builder.h"

namespace vram::arch {

struct Kda {
  std::int64_t heads = 0, head_width = 0, kernel = 0;
  bool full_rank_gate = false;  // the output gate comes straight from the hidden state (Kimi-K3)
  bool bounded_gate = false;    // gate_lower_bound
  KdaState::Class implementation = KdaState::Class::kKimiLinear;

  /// Channels over all heads.
  [[nodiscard]] std::int64_t width() const { return heads * head_width; }
  [[nodiscard]] KdaState state() const;
};

/// The figures of "linear_attn_config".
Kda read_kda(const json::Fields& config);

/// The layer as `name` with its state.
///
///   source  vllm/model_executor/layers/kda.py, KimiDeltaAttention, up to 0.26; then
///           vllm/model_executor/layers/mamba/gdn/kimi_gdn_linear_attn.py and, with a full-rank gate,
///           vllm/models/kimi_k3/nvidia/kda.py
void kda_attention(Block& layer, const std::string& name, std::int64_t hidden, const Kda& kda);

}  // namespace vram::arch
