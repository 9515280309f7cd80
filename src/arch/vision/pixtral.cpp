#include "arch/vision/pixtral.h"

#include <algorithm>

namespace vram::arch {
namespace {

/// transformers' CLIPVisionConfig, and the one that Llava's config class takes without a "vision_config".
constexpr VisionEncoder kClip{768, 3072, 12, 12, 3, 224, 32};
constexpr VisionEncoder kLlavaClip{1024, 4096, 24, 16, 3, 336, 14};

/// transformers 4 kept the frequencies of every patch of the largest image, 5 those of one axis and their originals.
constexpr vllm::Step<bool> kFrequenciesByPatch[] = {
    {{}, true, "vllm v0.19.0 requires transformers < 5: modeling_pixtral.py, PixtralRotaryEmbedding"},
    {{2026, 3, 31}, false, "~ vllm v0.20.0 takes transformers 5"},
};
static_assert(vllm::well_formed(kFrequenciesByPatch));

void add_frequencies(Block& block, const VisionEncoder& encoder) {
  const std::string name = "patch_positional_embedding.";
  if (vllm::in_force(kFrequenciesByPatch, block.builder().options().as_of)) {
    block.buffer(name + "inv_freq", {encoder.patches(), encoder.head()}, Dtype::kFloat32);
    return;
  }
  block.buffer(name + "inv_freq", {ceil_div(encoder.head(), 2)}, Dtype::kFloat32);
  block.buffer(name + "original_inv_freq", {ceil_div(encoder.head(), 2)}, Dtype::kFloat32);
}

/// The deepest of the layers that "vision_feature_layer" names, as a count of layers.
std::int64_t deepest_feature(const json::Fields& config, std::int64_t layers, std::int64_t absent) {
  const auto count = [&](std::int64_t layer) { return layer < 0 ? layers + layer + 1 : layer; };
  const json::Value* value = config.find("vision_feature_layer");
  if (!value || value->is_null()) return count(absent);
  if (const auto one = value->integer()) return count(*one);
  std::int64_t deepest = 0;
  if (value->array())
    for (const json::Value& each : *value->array())
      if (const auto layer = each.integer()) deepest = std::max(deepest, count(*layer));
  if (deepest < 1 || deepest > layers)
    config.refuse("vision_feature_layer", "names a layer that the vision tower does not have");
  return std::clamp(deepest, std::int64_t{1}, std::max(layers, std::int64_t{1}));
}

}  // namespace

void add_pixtral(Builder& builder, const Tower& tower, const std::string& prefix, const VisionEncoder& encoder,
                 const VisionLayers& layers) {
  Block ends = builder.block(prefix);
  convolution(ends, "patch_conv", {encoder.hidden, encoder.channels, encoder.patch, encoder.patch}, false);
  ends.rms_norm("ln_pre", encoder.hidden);
  add_frequencies(ends, encoder);
  add_tower_part(builder, tower, std::move(ends));
  add_pixtral_layers(builder, tower, prefix + ".transformer.layers", encoder, layers.kept,
                     {.quantised = layers.quantised});
}

void add_pixtral_layers(Builder& builder, const Tower& tower, const std::string& prefix, const VisionEncoder& encoder,
                        std::int64_t layers, const LinearOptions& linears) {
  add_tower_layers(builder, tower, prefix, layers, [&](Block& layer, std::int64_t) {
    layer.rms_norm("attention_norm", encoder.hidden);
    layer.qkv("attention.qkv_proj", encoder.hidden, {encoder.heads, encoder.heads, encoder.head()}, linears);
    layer.row("attention.o_proj", encoder.hidden, encoder.hidden, linears);
    gated_mlp(layer, "feed_forward", encoder.hidden, encoder.intermediate, linears);
    layer.rms_norm("ffn_norm", encoder.hidden);
  });
}

VisionEncoder add_llava_tower(Builder& builder, const Tower& tower, const std::string& prefix,
                              std::int64_t feature_layer) {
  const json::Fields& config = builder.config();
  const json::Fields vision = config.inner("vision_config");
  const std::string type = vision.text_or("model_type", "clip_vision_model");
  const bool siglip = type == "siglip_vision_model", pixtral = type == "pixtral";
  if (!siglip && !pixtral && type != "clip_vision_model")
    vision.refuse("model_type", "the vision tower " + type + " is not one that the model class takes", "",
                  ErrorCode::kUnsupported);
  const VisionEncoder& clip = config.has("vision_config") ? kClip : kLlavaClip;
  const VisionEncoder encoder = read_vision_encoder(vision, siglip ? VisionEncoder{} : pixtral ? kPixtral : clip);
  const VisionLayers layers{.kept = deepest_feature(config, encoder.layers, feature_layer), .post_norm = false};
  if (siglip)
    add_siglip(builder, tower, prefix, vision, encoder, layers);
  else if (pixtral)
    add_pixtral(builder, tower, prefix, encoder, layers);
  else
    add_clip(builder, tower, prefix, encoder, layers);
  return encoder;
}

}  // namespace vram::arch
