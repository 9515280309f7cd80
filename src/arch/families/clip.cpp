// CLIP and SigLIP as embeddings: an encoder of text beside that of images, each with its projection.
#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"CLIPModel", "SiglipModel"};

/// source  transformers' CLIPTextConfig, SiglipTextConfig
constexpr Decoder kClipText{512, 2048, 49408, 12, 77, {8, 0, 0}, false};
constexpr Decoder kSiglipText{768, 3072, 32000, 12, 64, {12, 0, 0}, false};

constexpr Tower kTower{.role = Part::Role::kImages, .whole_with_data = true};

void linear(Block& block, const std::string& name, std::int64_t from, std::int64_t to, bool bias) {
  block.replicated(name, from, {to}, {.bias = bias, .quantised = false});
}

/// source  vllm/model_executor/models/clip.py, CLIPTextTransformer; siglip.py, SiglipTextTransformer
void add_text(Builder& builder, bool siglip, std::int64_t projection) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, siglip ? kSiglipText : kClipText);
  Block ends = builder.block("text_model");
  ends.embedding("embeddings.token_embedding", decoder.vocabulary, decoder.hidden);
  ends.embedding("embeddings.position_embedding", decoder.positions, decoder.hidden);
  if (siglip) ends.buffer("embeddings.position_ids", {1, decoder.positions}, Dtype::kInt64);
  ends.layer_norm("final_layer_norm", decoder.hidden);
  if (siglip) linear(ends, "head", decoder.hidden, config.count_or("projection_size", decoder.hidden, 1), true);
  builder.add_part("embeddings", Part::Place::kEveryStage, std::move(ends));
  if (!siglip) {
    Block head = builder.block("");
    linear(head, "text_projection", decoder.hidden, projection, false);
    builder.add_part("head", Part::Place::kEveryStage, std::move(head));
  }
  VisionEncoder encoder;
  encoder.hidden = decoder.hidden;
  encoder.intermediate = decoder.intermediate;
  encoder.heads = decoder.heads.query;
  const LayerCache cache = siglip ? encoder_cache(decoder.heads) : attention_cache(builder, decoder.heads);
  add_layers(builder, decoder, "text_model.encoder.layers", [&](Block& layer, std::int64_t) {
    siglip ? add_siglip_layer(layer, encoder) : add_clip_layer(layer, encoder);
    layer.attention("self_attn.attn", cache);
  });
  describe_model(builder, decoder, "text_model.encoder.layers");
  builder.model.pipeline_parallel = false;
}

/// source  vllm/model_executor/models/clip.py, CLIPEmbeddingModel; siglip.py, SiglipEmbeddingModel
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const bool siglip = source.architecture == "SiglipModel";
  const json::Fields vision = builder->config().inner("vision_config");
  VisionEncoder absent;
  if (!siglip) absent.patch = 32;
  const VisionEncoder encoder = read_vision_encoder(vision, absent);
  VisionLayers layers = vision_layers(encoder, -1);
  layers.pooled = siglip;
  const std::int64_t projection = builder->config().count_or("projection_dim", 512, 1);
  if (siglip) {
    add_siglip(*builder, kTower, "", vision, encoder, layers);
  } else {
    add_clip(*builder, kTower, "", encoder, layers);
    Block projector = builder->block("");
    linear(projector, "visual_projection", encoder.hidden, projection, false);
    add_tower_part(*builder, kTower, std::move(projector));
  }
  add_text(*builder, siglip, projection);
  return builder->finish();
}

}  // namespace

extern const Entry clip;
const Entry clip{kArchitectures, build};

}  // namespace vram::arch::families
