#pragma once

#include <string>

#include "arch/builder.h"

namespace vram::arch {

/// Qwen3_VisionTransformer as `prefix`: patches of a clip, learnt positions, blocks of full attention, and mergers that
/// bring four patches at a time into the language model, one of them from each layer of "deepstack_visual_indexes".
///
///   absent  deepstack_visual_indexes of the config class: Qwen3-VL has three, Qwen3.5 none
///   source  vllm/model_executor/models/qwen3_vl.py, Qwen3_VisionTransformer; transformers' Qwen3VLVisionConfig
void add_qwen3_vision(Builder& builder, const std::string& prefix, std::int64_t absent_deepstack);

/// Qwen3Omni_VisionTransformer: the same layers, with positions by the size of an image.
///
///   source  vllm/model_executor/models/qwen3_omni_moe_thinker.py; transformers' Qwen3OmniMoeVisionEncoderConfig
void add_qwen3_omni_vision(Builder& builder, const std::string& prefix, const json::Fields& vision);

/// Rope::mrope_factor of the language model behind that tower.
std::int64_t qwen3_mrope_factor(const Builder& builder);

}  // namespace vram::arch
