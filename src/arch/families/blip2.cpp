// BLIP-2: a ViT, a Q-Former's learnt queries, and a language model of its config's choice.
#include "arch/decoder.h"
#include "arch/vision/qformer.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Blip2ForConditionalGeneration"};

constexpr Tower kImages{.role = Part::Role::kImages};

/// source  vllm/model_executor/models/blip.py, BlipVisionModel; transformers' Blip2VisionConfig
VisionEncoder add_vision(Builder& builder) {
  const json::Fields vision = builder.config().inner("vision_config");
  const VisionEncoder encoder = read_vision_encoder(vision, {1408, 6144, 39, 16, 3, 224, 14});
  const std::int64_t hidden = encoder.hidden;
  Block ends = builder.block("vision_model");
  ends.tensor("embeddings.class_embedding", {1, 1, hidden});
  convolution(ends, "embeddings.patch_embedding", {hidden, 3, encoder.patch, encoder.patch});
  ends.tensor("embeddings.position_embedding", {1, encoder.patches() + 1, hidden});
  ends.layer_norm("post_layernorm", hidden);
  add_tower_part(builder, kImages, std::move(ends));
  add_tower_layers(builder, kImages, "vision_model.encoder.layers", encoder.layers, [&](Block& layer, std::int64_t) {
    layer.qkv("self_attn.qkv", hidden, {encoder.heads, encoder.heads, encoder.head()},
              {.bias = vision.flag_or("qkv_bias", true)});
    layer.row("self_attn.projection", hidden, hidden, {.bias = true});
    layer.layer_norm("layer_norm1", hidden);
    add_plain_mlp(layer, "mlp", hidden, encoder.intermediate);
    layer.layer_norm("layer_norm2", hidden);
  });
  return encoder;
}

/// source  vllm/model_executor/models/blip2.py, Blip2ForConditionalGeneration
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const VisionEncoder encoder = add_vision(*builder);
  const std::int64_t width =
      add_qformer(*builder, kImages, "qformer", builder->config().inner("qformer_config"), encoder.hidden);
  Block projection = builder->block("");
  projection.tensor("query_tokens", {1, builder->config().count_or("num_query_tokens", 32, 1), width});
  projection.replicated("language_projection", width, {builder->text().count_or("hidden_size", 768, 1)},
                        {.bias = true, .quantised = false});
  add_tower_part(*builder, kImages, std::move(projection));
  add_language_model(*builder, {language_architecture(*builder), "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry blip2;
const Entry blip2{kArchitectures, build};

}  // namespace vram::arch::families
