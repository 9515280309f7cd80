#pragma once

#include <optional>
#include <string>

#include "arch/decoder.h"
#include "arch/latent.h"

namespace vram::arch::families {

/// What the layers of a DeepSeek-V2 to V3.2 or GLM-5 model share.
struct DeepseekStack {
  Decoder decoder;
  LatentWidths widths;
  RotaryTable rotary;
  bool latent = true;  // false: vLLM attends over keys and values of every head
  std::optional<Indexing> indexing;
  LinearOptions mlp;  // of the layers without experts
};

/// source  vllm/model_executor/models/deepseek_v2.py; vllm/models/deepseek_v32 for the sparse models
DeepseekStack read_deepseek(const Builder& builder);

/// DeepseekV2DecoderLayer or DeepseekV32DecoderLayer as layer `i`.
void add_deepseek_layer(Block& layer, const DeepseekStack& stack, std::int64_t i);

/// DeepseekV2MoE as `name`.
void add_deepseek_experts(Block& layer, const std::string& name, const json::Fields& config, std::int64_t hidden);

/// Whether layer `i` has experts in place of its MLP.
bool is_deepseek_moe_layer(const json::Fields& config, std::int64_t i);

}  // namespace vram::arch::families
