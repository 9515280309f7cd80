// Encoders of BERT's layout with rotary positions, shared by Nomic, GTE and Jina's RoBERTa.
#pragma once

#include "arch/decoder.h"

namespace vram::arch::families {

struct RotaryEncoder {
  Decoder decoder;
  RotaryTable rotary;
  std::int64_t token_types = 0;  // 0: no such embedding
  bool bias = true;              // of projections
  bool gated = false, gate_bias = false;
  std::int64_t experts = 0, experts_every = 0;  // NomicMoE in every so-manieth layer, from the second on
};

/// source  vllm/model_executor/models/bert_with_rope.py, BertWithRope
void add_rotary_encoder(Builder& builder, const std::string& model, const RotaryEncoder& encoder);

}  // namespace vram::arch::families
