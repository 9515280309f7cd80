// Which layers of a model class take LoRA adapters beyond its linear layers.
#pragma once

#include <string_view>

namespace vram::vllm {

struct LoraFacts {
  bool embedding = false;      // embedding_modules has the input embeddings
  bool head = false;           // … and the output head
  bool fused_experts = false;  // is_3d_moe_weight: gate and up projection have one matrix A
  bool plain_experts = false;  // is_non_gated_moe: experts without a gate, and a router without adapter
};

/// Of the class of that name; all false for one without any of them.
LoraFacts lora_facts(std::string_view architecture);

}  // namespace vram::vllm
