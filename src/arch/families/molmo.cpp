// Molmo: CLIP's large encoder under names of its own, attention that pools its features, and a Llama-like decoder.
#include "arch/decoder.h"
#include "arch/vision/tower.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MolmoForCausalLM"};

// The encoder's figures are not in config.json.
// source  vllm/model_executor/models/molmo.py, VisionBackboneConfig, VIT_LAYERS and ADDITIONAL_VOCAB_SIZE
constexpr std::int64_t kWidth = 1024, kIntermediate = 4096, kLayers = 23, kPositions = 577, kPatch = 14;
constexpr std::int64_t kFeatureLayers = 2, kAddedRows = 128;

/// source  vllm/model_executor/models/molmo.py, MultiHeadDotProductAttention
void add_attention(Block& block, const std::string& name, std::int64_t input) {
  for (const char* each : {".wq", ".wk", ".wv"}) block.column(name + each, input, {kWidth}, {.bias = true});
  block.row(name + ".wo", kWidth, kWidth, {.bias = true});
}

void add_backbone(Builder& builder, std::int64_t hidden, std::int64_t intermediate) {
  const Tower tower{.role = Part::Role::kImages};
  const std::string vit = "vision_backbone.image_vit";
  Block ends = builder.block(vit);
  ends.tensor("class_embedding", {kWidth});
  ends.tensor("positional_embedding", {kPositions, kWidth});
  ends.tensor("patch_embedding.weight", {kWidth, kPatch * kPatch * 3});
  ends.layer_norm("pre_ln", kWidth);
  add_tower_part(builder, tower, std::move(ends));
  add_tower_layers(builder, tower, vit + ".transformer.resblocks", kLayers, [](Block& layer, std::int64_t) {
    add_attention(layer, "attention", kWidth);
    layer.column("feed_forward.w1", kWidth, {kIntermediate}, {.bias = true});
    layer.row("feed_forward.w2", kIntermediate, kWidth, {.bias = true});
    layer.layer_norm("attention_norm", kWidth);
    layer.layer_norm("ffn_norm", kWidth);
  });
  Block connector = builder.block("vision_backbone");
  connector.tensor("pad_embed", {2, kFeatureLayers * kWidth});
  add_attention(connector, "image_pooling_2d", kFeatureLayers * kWidth);
  connector.column("image_projector.merged_linear", kWidth, {intermediate, intermediate});
  connector.row("image_projector.down_proj", intermediate, hidden);
  add_tower_part(builder, tower, std::move(connector));
}

/// source  vllm/model_executor/models/molmo.py, MolmoModel: embedding, norm and head on every stage
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const json::Fields& config = builder->config();
  Decoder decoder = read_decoder(*builder);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  decoder.intermediate = config.count("intermediate_size") / 2;  // of both halves
  decoder.tied = config.flag_or("weight_tying", false);
  add_backbone(*builder, decoder.hidden, decoder.intermediate);

  const std::int64_t rows = config.count_or("embedding_size", decoder.vocabulary, 1);
  Decoder embedded = decoder;
  embedded.vocabulary = rows + kAddedRows;
  add_ends(*builder, embedded, "model", {"", ""}, {.no_head = true, .every_stage = true});
  if (!decoder.tied && !options.pooling) {
    Block head = builder->block("");
    head.head("lm_head", rows, decoder.hidden);
    builder->add_part("head", Part::Place::kEveryStage, std::move(head));
  }
  LayerShape shape{.attention = {.bias = config.flag_or("qkv_bias", false)}};
  shape.attention.rotary = rotary_table(*builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  const bool norms = config.flag_or("attention_layer_norm", false);
  add_layers(*builder, decoder, "model.layers", [&](Block& layer, std::int64_t) {
    shape.attention.cache = attention_cache(*builder, decoder.heads);
    self_attention(layer, decoder, shape.attention);
    if (norms) {
      layer.rms_norm("self_attn.k_norm", decoder.heads.kv * decoder.heads.width);
      layer.rms_norm("self_attn.q_norm", decoder.hidden);
    }
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(*builder, decoder, "model.layers");
  return builder->finish();
}

}  // namespace

extern const Entry molmo;
const Entry molmo{kArchitectures, build};

}  // namespace vram::arch::families
