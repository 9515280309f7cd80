#pragma once

#include <optional>

#include "arch/families/qwen3_next.h"

namespace vram::arch::families {

/// The figures of a Qwen3.5 language model.
struct Qwen35 {
  Decoder decoder;
  GatedDelta delta;
  std::optional<SharedExperts> experts;  // in place of the MLP
  std::optional<Dtype> state_dtype;
  RotaryTable rotary;
};
Qwen35 read_qwen3_5(const Builder& builder, std::string_view architecture);

/// Qwen3_5DecoderLayer.
void add_qwen3_5_layer(Block& layer, const Qwen35& text, bool recurrent);

}  // namespace vram::arch::families
