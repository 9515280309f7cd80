#pragma once

#include <optional>
#include <string>

#include "arch/decoder.h"

namespace vram::arch::families {

/// The experts of Ling's and Sarvam's layers.
struct BailingExperts {
  std::int64_t count = 0, per_token = 1;
  std::int64_t intermediate = 0;
  std::int64_t shared_intermediate = 0;  // 0: no shared experts
  std::optional<Dtype> router;           // absent: the model's
  bool router_bias = false, bias = false;
  std::string bias_name = "expert_bias";
};

/// `second`: with the figures of Ling 2.0.
BailingExperts read_bailing_experts(const json::Fields& config, bool second);

/// BailingMoE as `name`.
///
///   source  vllm/model_executor/models/bailing_moe.py
void add_bailing_experts(Block& layer, const std::string& name, std::int64_t hidden, const BailingExperts& experts);

}  // namespace vram::arch::families
