// CLIP and SigLIP: patches, learnt positions, pre-norm blocks of full attention.
#include "arch/vision/siglip.h"

namespace vram::arch {
namespace {

/// Learnt positions as an embedding of vocabulary, divided over ranks.
constexpr vllm::Step<bool> kSiglipPositionsDivided[] = {
    {{}, true, "vllm v0.13.0 vllm/model_executor/models/siglip.py, SiglipVisionEmbeddings"},
    {{2025, 12, 20}, false, "~ vllm v0.14.1 vllm/model_executor/models/siglip.py"},
};
/// The pooling head of a config that does not switch it off, though no model looks at it.
constexpr vllm::Step<bool> kSiglipHead[] = {
    {{}, true, "vllm v0.14.1 vllm/model_executor/models/siglip.py, vision_use_head"},
    {{2026, 1, 25}, false, "~ vllm v0.15.0 vllm/model_executor/models/siglip.py, use_head"},
};
static_assert(vllm::well_formed(kSiglipPositionsDivided) && vllm::well_formed(kSiglipHead));

/// `mlp`: SigLIP quantises some widths only.
void add_encoder_layer(Block& layer, const VisionEncoder& encoder, const LinearOptions& biased,
                       void (*mlp)(Block&, const std::string&, std::int64_t, std::int64_t, const LinearOptions&)) {
  layer.qkv("self_attn.qkv_proj", encoder.hidden, {encoder.heads, encoder.heads, encoder.head()}, biased);
  layer.row("self_attn.out_proj", encoder.hidden, encoder.hidden, biased);
  layer.layer_norm("layer_norm1", encoder.hidden);
  mlp(layer, "mlp", encoder.hidden, encoder.intermediate, biased);
  layer.layer_norm("layer_norm2", encoder.hidden);
}

void add_positions(Block& block, const std::string& name, std::int64_t rows, std::int64_t width, bool divided) {
  if (divided)
    block.embedding(name + ".position_embedding", rows, width);
  else
    block.tensor(name + ".position_embedding.weight", {rows, width});
  block.buffer(name + ".position_ids", {1, rows}, Dtype::kInt64);
}

/// But for BitsAndBytes and TorchAO, only widths in steps of 64 are quantised.
void add_sized_mlp(Block& block, const std::string& name, std::int64_t hidden, std::int64_t intermediate,
                   const LinearOptions& options) {
  const std::string& method = block.builder().quantisation().method();
  LinearOptions mlp = options;
  if (method != "bitsandbytes" && method != "torchao")
    mlp.quantised = mlp.quantised && hidden % 64 == 0 && intermediate % 64 == 0;
  add_plain_mlp(block, name, hidden, intermediate, mlp);
}

/// source  vllm/model_executor/models/siglip.py, SiglipMultiheadAttentionPoolingHead
void add_pooling_head(Block& block, const VisionEncoder& encoder, const LinearOptions& mlp) {
  block.tensor("head.probe", {1, 1, encoder.hidden});
  block.tensor("head.attention.in_proj_weight", {3 * encoder.hidden, encoder.hidden});
  block.tensor("head.attention.in_proj_bias", {3 * encoder.hidden});
  block.tensor("head.attention.out_proj.weight", {encoder.hidden, encoder.hidden});
  block.tensor("head.attention.out_proj.bias", {encoder.hidden});
  block.layer_norm("head.layernorm", encoder.hidden);
  add_sized_mlp(block, "head.mlp", encoder.hidden, encoder.intermediate, mlp);
}

}  // namespace

VisionEncoder read_vision_encoder(const json::Fields& vision, const VisionEncoder& absent) {
  VisionEncoder encoder;
  encoder.hidden = vision.count_or("hidden_size", absent.hidden, 1);
  encoder.intermediate = vision.count_or("intermediate_size", absent.intermediate, 1);
  encoder.layers = tower_layers(vision, "num_hidden_layers", absent.layers);
  encoder.heads = vision.count_or("num_attention_heads", absent.heads, 1);
  encoder.channels = vision.count_or("num_channels", absent.channels, 1);
  encoder.image = vision.count_or("image_size", absent.image, 1);
  encoder.patch = vision.count_or("patch_size", absent.patch, 1);
  return encoder;
}

VisionLayers vision_layers(const VisionEncoder& encoder, std::int64_t feature_layer) {
  VisionLayers layers;
  layers.kept = feature_layer < 0 ? encoder.layers + feature_layer + 1 : feature_layer;
  layers.post_norm = layers.kept == encoder.layers;
  return layers;
}

void add_plain_mlp(Block& block, const std::string& name, std::int64_t hidden, std::int64_t intermediate,
                   const LinearOptions& options) {
  block.column(name + ".fc1", hidden, {intermediate}, options);
  block.row(name + ".fc2", intermediate, hidden, options);
}

void add_siglip(Builder& builder, const Tower& tower, const std::string& prefix, const json::Fields& vision,
                const VisionEncoder& encoder, const VisionLayers& layers) {
  const vllm::Date day = builder.options().as_of;
  const LinearOptions linears{.bias = true, .quantised = layers.quantised};
  const std::string model = prefix.empty() ? "vision_model" : prefix + ".vision_model";
  Block ends = builder.block(model);
  convolution(ends, "embeddings.patch_embedding", {encoder.hidden, encoder.channels, encoder.patch, encoder.patch});
  add_positions(ends, "embeddings", encoder.patches(), encoder.hidden, vllm::in_force(kSiglipPositionsDivided, day));
  if (layers.post_norm) ends.layer_norm("post_layernorm", encoder.hidden);
  if ((layers.pooled || vllm::in_force(kSiglipHead, day)) && vision.flag_or("vision_use_head", true))
    add_pooling_head(ends, encoder, linears);
  add_tower_part(builder, tower, std::move(ends));
  add_tower_layers(builder, tower, model + ".encoder.layers", layers.kept,
                   [&](Block& layer, std::int64_t) { add_encoder_layer(layer, encoder, linears, add_sized_mlp); });
}

void add_encoder_layers(Builder& builder, const Tower& tower, const std::string& prefix, const VisionEncoder& encoder,
                        const VisionLayers& layers) {
  const LinearOptions linears{.bias = true, .quantised = layers.quantised};
  add_tower_layers(builder, tower, prefix, layers.kept,
                   [&](Block& layer, std::int64_t) { add_encoder_layer(layer, encoder, linears, add_plain_mlp); });
}

void add_clip_layer(Block& layer, const VisionEncoder& encoder) {
  add_encoder_layer(layer, encoder, {.bias = true}, add_plain_mlp);
}

void add_siglip_layer(Block& layer, const VisionEncoder& encoder) {
  add_encoder_layer(layer, encoder, {.bias = true}, add_sized_mlp);
}

void add_idefics2(Builder& builder, const Tower& tower, const std::string& prefix, const VisionEncoder& encoder,
                  const VisionLayers& layers) {
  Block ends = builder.block(prefix);
  convolution(ends, "embeddings.patch_embedding", {encoder.hidden, encoder.channels, encoder.patch, encoder.patch});
  ends.tensor("embeddings.position_embedding.weight", {encoder.patches(), encoder.hidden});
  if (layers.post_norm) ends.layer_norm("post_layernorm", encoder.hidden);
  add_tower_part(builder, tower, std::move(ends));
  add_encoder_layers(builder, tower, prefix + ".encoder.layers", encoder, layers);
}

void add_clip(Builder& builder, const Tower& tower, const std::string& prefix, const VisionEncoder& encoder,
              const VisionLayers& layers) {
  const std::string model = prefix.empty() ? "vision_model" : prefix + ".vision_model";
  Block ends = builder.block(model);
  ends.tensor("embeddings.class_embedding", {encoder.hidden});
  convolution(ends, "embeddings.patch_embedding", {encoder.hidden, encoder.channels, encoder.patch, encoder.patch},
              false);
  add_positions(ends, "embeddings", encoder.patches() + 1, encoder.hidden, false);
  ends.layer_norm("pre_layrnorm", encoder.hidden);
  if (layers.post_norm) ends.layer_norm("post_layernorm", encoder.hidden);
  add_tower_part(builder, tower, std::move(ends));
  add_encoder_layers(builder, tower, model + ".encoder.layers", encoder, layers);
}

}  // namespace vram::arch
