#pragma once

#include <optional>
#include <string>

#include "arch/vision/tower.h"

namespace vram::arch {

/// Qwen2VisionTransformer as `prefix`, of the figures in `vision`.
///
///   source  vllm/model_executor/models/qwen2_vl.py; transformers' Qwen2VLVisionConfig
void add_qwen2_vision(Builder& builder, const std::string& prefix, const json::Fields& vision);

/// Qwen2_5_VisionTransformer as `prefix`: norms without a bias and a gated MLP.
///
///   kv_heads  "num_key_value_heads" of the config class; nothing: as many as query heads
///   source    vllm/model_executor/models/qwen2_5_vl.py; transformers' Qwen2_5_VLVisionConfig
void add_qwen2_5_vision(Builder& builder, const std::string& prefix, const json::Fields& vision,
                        std::optional<std::int64_t> kv_heads = {});

/// The rotary table of a tower: half of a head's width for 8192 positions. Older releases kept its frequencies alone,
/// some of them (`frequencies_on_device` false) in the host's memory.
void tower_rotary(Block& block, const std::string& name, std::int64_t head, bool frequencies_on_device);

}  // namespace vram::arch
