#pragma once

#include "arch/vision/siglip.h"

namespace vram::arch {

/// The defaults of transformers' PixtralVisionConfig.
inline constexpr VisionEncoder kPixtral{1024, 4096, 24, 16, 3, 1024, 16};

/// PixtralHFVisionModel as `prefix`.
///
///   source  vllm/model_executor/models/pixtral.py
void add_pixtral(Builder& builder, const Tower& tower, const std::string& prefix, const VisionEncoder& encoder,
                 const VisionLayers& layers);

/// The same layers as `prefix`.0, `prefix`.1, …; `layers` of them.
void add_pixtral_layers(Builder& builder, const Tower& tower, const std::string& prefix, const VisionEncoder& encoder,
                        std::int64_t layers, const LinearOptions& linears);

/// The tower that a "vision_config" of several kinds asks for, up to the layer that vLLM takes the features from, and
/// without its last norm.
///
///   feature_layer  "vision_feature_layer" of the config class
///   returns        its figures
///   source         vllm/model_executor/models/llava.py, init_vision_tower_for_llava
VisionEncoder add_llava_tower(Builder& builder, const Tower& tower, const std::string& prefix,
                              std::int64_t feature_layer);

}  // namespace vram::arch
