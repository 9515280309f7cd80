#pragma once

#include <string>

#include "arch/vision/tower.h"

namespace vram::arch {

/// The figures of an encoder of images in the manner of CLIP and SigLIP, with its config class's defaults.
struct VisionEncoder {
  std::int64_t hidden = 768, intermediate = 3072, layers = 12, heads = 12;
  std::int64_t channels = 3, image = 224, patch = 16;

  [[nodiscard]] std::int64_t patches() const { return (image / patch) * (image / patch); }
  [[nodiscard]] std::int64_t head() const { return hidden / heads; }
};

/// hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, num_channels, image_size and patch_size.
VisionEncoder read_vision_encoder(const json::Fields& vision, const VisionEncoder& absent = {});

struct VisionLayers {
  std::int64_t kept = 0;  // layers that are created: as many as the model class looks at
  bool post_norm = true;  // with the last layer, unless the class says otherwise
  bool quantised = true;  // false where the model class passes quant_config=None
  bool pooled = false;    // the class looks at SigLIP's pooling head
};

/// The layers of `encoder` up to the one that the model takes its features from: a negative `feature_layer` counts from
/// the end, -1 being all of them.
VisionLayers vision_layers(const VisionEncoder& encoder, std::int64_t feature_layer);

/// SiglipVisionModel as `prefix`, which may be empty.
///
///   source  vllm/model_executor/models/siglip.py; transformers' SiglipVisionConfig
void add_siglip(Builder& builder, const Tower& tower, const std::string& prefix, const json::Fields& vision,
                const VisionEncoder& encoder, const VisionLayers& layers);

/// CLIPVisionModel as `prefix`, which may be empty.
///
///   source  vllm/model_executor/models/clip.py; transformers' CLIPVisionConfig
void add_clip(Builder& builder, const Tower& tower, const std::string& prefix, const VisionEncoder& encoder,
              const VisionLayers& layers);

/// The layers of both; all of them may be quantised.
void add_encoder_layers(Builder& builder, const Tower& tower, const std::string& prefix, const VisionEncoder& encoder,
                        const VisionLayers& layers);

/// Idefics2VisionTransformer as `prefix`: SigLIP for images of any shape.
///
///   source  vllm/model_executor/models/idefics2_vision_model.py
void add_idefics2(Builder& builder, const Tower& tower, const std::string& prefix, const VisionEncoder& encoder,
                  const VisionLayers& layers);

/// An encoder's layer, SigLIP's with its own rule on widths that are quantised.
void add_clip_layer(Block& layer, const VisionEncoder& encoder);
void add_siglip_layer(Block& layer, const VisionEncoder& encoder);

/// An MLP of two layers with a bias: "fc1" and "fc2".
void add_plain_mlp(Block& block, const std::string& name, std::int64_t hidden, std::int64_t intermediate,
                   const LinearOptions& options = {.bias = true});

}  // namespace vram::arch
