// Molmo 2: an encoder of images and videos in the manner of SigLIP, attention that pools its features, and a decoder
// like Qwen 3's or OLMo 2's.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Molmo2ForConditionalGeneration"};

constexpr Tower kTower{.role = Part::Role::kVision};

/// source  vllm/model_executor/models/molmo2.py, VitConfig, AdapterConfig and TextConfig
constexpr VisionEncoder kEncoder{1152, 4304, 27, 16, 3, 378, 14};
constexpr std::int64_t kPositions = 577;
constexpr Decoder kDecoder{3584, 18944, 152064, 48, 4096, {28, 4, 128}, false};

/// source  vllm/model_executor/models/molmo2.py, Molmo2VisionTransformer
void add_encoder(Builder& builder, const json::Fields& vision, const VisionEncoder& encoder, std::int64_t layers) {
  const std::string vit = "vision_backbone.image_vit";
  const std::int64_t patch = vision.count_or("image_patch_size", kEncoder.patch, 1);
  Block ends = builder.block(vit);
  ends.tensor("positional_embedding", {vision.count_or("image_num_pos", kPositions, 1), encoder.hidden});
  ends.tensor("patch_embedding.weight", {encoder.hidden, patch * patch * 3});
  ends.tensor("patch_embedding.bias", {encoder.hidden});
  add_tower_part(builder, kTower, std::move(ends));
  const std::int64_t kv = vision.count_or("num_key_value_heads", encoder.heads, 1);
  constexpr std::string_view kShards[] = {"wq", "wk", "wv"};
  add_tower_layers(builder, kTower, vit + ".transformer.resblocks", layers, [&](Block& layer, std::int64_t) {
    layer.qkv("attention.merged_qkv", encoder.hidden, {encoder.heads, kv, encoder.head()},
              {.bias = true, .shards = kShards});
    layer.row("attention.wo", encoder.hidden, encoder.hidden, {.bias = true});
    layer.column("feed_forward.w1", encoder.hidden, {encoder.intermediate}, {.bias = true});
    layer.row("feed_forward.w2", encoder.intermediate, encoder.hidden, {.bias = true});
    layer.layer_norm("attention_norm", encoder.hidden);
    layer.layer_norm("ffn_norm", encoder.hidden);
  });
}

/// source  vllm/model_executor/models/molmo2.py, ImagePoolingAttention and ImageProjectorMLP
void add_connector(Builder& builder, const json::Fields& adapter, std::int64_t input, std::int64_t out) {
  const std::int64_t hidden = adapter.count_or("hidden_size", kEncoder.hidden, 1);
  const std::int64_t heads = adapter.count_or("num_attention_heads", kEncoder.heads, 1);
  const std::int64_t kv = adapter.count_or("num_key_value_heads", kEncoder.heads, 1) * (hidden / heads);
  const std::int64_t inner = adapter.count_or("intermediate_size", kDecoder.intermediate, 1);
  constexpr std::string_view kPooled[] = {"k_proj", "v_proj"}, kProjected[] = {"gate_proj", "up_proj"};
  Block block = builder.block("vision_backbone");
  block.column("image_pooling_2d.q_proj", input, {hidden}, {.bias = true});
  block.column("image_pooling_2d.merged_kv", input, {kv, kv}, {.bias = true, .shards = kPooled});
  block.row("image_pooling_2d.o_proj", hidden, hidden, {.bias = true});
  block.column("image_projector.merged_linear", hidden, {inner, inner}, {.shards = kProjected});
  block.row("image_projector.down_proj", inner, out);
  add_tower_part(builder, kTower, std::move(block));
}

/// The layers whose features are pooled, counted from the end where negative; the last of them is the last created.
void add_backbone(Builder& builder, std::int64_t out) {
  const json::Fields vision = builder.config().inner("vit_config"), adapter = builder.config().inner("adapter_config");
  const VisionEncoder encoder = read_vision_encoder(vision, kEncoder);
  std::int64_t features = 0, layers = 0;
  if (const json::Value* list = adapter.find("vit_layers"); list && list->array())
    for (const json::Value& each : *list->array()) {
      const std::int64_t layer = each.integer() ? *each.integer() : -1;
      layers = std::max(layers, (layer < 0 ? layer + encoder.layers : layer) + 1);
      ++features;
    }
  if (features == 0) {  // [-3, -9]
    features = 2;
    layers = encoder.layers - 2;
  }
  add_encoder(builder, vision, encoder, std::clamp(layers, std::int64_t{0}, encoder.layers));
  add_connector(builder, adapter, encoder.hidden * features, out);
}

/// source  vllm/model_executor/models/molmo2.py, Molmo2Attention and Molmo2DecoderLayer
void add_decoder_layers(Builder& builder, const Decoder& decoder) {
  const json::Fields& config = builder.text();
  Rope rope{.head_width = decoder.heads.width, .positions = decoder.positions};
  const RotaryTable scaled = rotary_table(builder, rope);
  rope.base = rope_parameters(config).maybe_number("rope_theta");
  const RotaryTable plain = rotary_table(builder, rope, config.inner("none"));
  const std::vector<std::int64_t> scaling = config.counts("rope_scaling_layers");
  const bool all = !config.has("rope_scaling_layers") || config.is_null("rope_scaling_layers");
  const bool norms = config.flag_or("use_qk_norm", false), each = config.text_or("qk_norm_type", "olmo") == "qwen3";
  SelfAttention attention{.bias = config.flag_or("qkv_bias", true)};
  attention.head_norm = norms && each ? decoder.heads.width : 0;
  attention.cache = attention_cache(builder, decoder.heads);
  add_layers(builder, decoder, "model.layers", [&](Block& layer, std::int64_t i) {
    attention.rotary = all || std::ranges::find(scaling, i) != scaling.end() ? scaled : plain;
    self_attention(layer, decoder, attention);
    if (norms && !each) {
      layer.rms_norm("self_attn.k_norm", decoder.heads.kv * decoder.heads.width);
      layer.rms_norm("self_attn.q_norm", decoder.heads.query * decoder.heads.width);
    }
    constexpr std::string_view kMerged[] = {"up_gate_proj"};
    layer.column("mlp.up_gate_proj", decoder.hidden, {decoder.intermediate, decoder.intermediate}, {.shards = kMerged});
    layer.row("mlp.down_proj", decoder.intermediate, decoder.hidden);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
}

/// Both ends are on every stage, and weights are never tied.
///
///   source  vllm/model_executor/models/molmo2.py, Molmo2ForConditionalGeneration and Molmo2TextModel
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  Decoder decoder = read_decoder(*builder, kDecoder);
  decoder.tied = false;
  add_backbone(*builder, decoder.hidden);
  Decoder embedded = decoder;
  embedded.vocabulary += builder->text().count_or("additional_vocab_size", 128);
  add_ends(*builder, embedded, "model", {"", ""}, {.no_head = true, .every_stage = true});
  if (!options.pooling) {
    Block head = builder->block("");
    head.head("lm_head", decoder.vocabulary, decoder.hidden);
    builder->add_part("head", Part::Place::kEveryStage, std::move(head));
  }
  add_decoder_layers(*builder, decoder);
  describe_model(*builder, decoder, "model.layers");
  return builder->finish();
}

}  // namespace

extern const Entry molmo2;
const Entry molmo2{kArchitectures, build};

}  // namespace vram::arch::families
