// GLM-4.1V and GLM-4.5V: a vision tower whose merger is as wide as the language model, before GLM-4's decoder.
#include "arch/families/glm4v.h"

#include "arch/decoder.h"
#include "arch/vision/qwen2_vision.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Glm4vForConditionalGeneration", "Glm4vMoeForConditionalGeneration",
                                               "GlmOcrForConditionalGeneration"};
constexpr std::string_view kMergedGateUp[] = {"gate_up_proj"};
constexpr ModelNames::Packed kPacked[] = {{"gate_up_proj", kMergedGateUp}};

constexpr vllm::Step<bool> kFlatConfigIgnored[] = {
    {{}, false, "vllm v0.19.0 requires transformers < 5, whose class hands the fields on"},
    {{2026, 3, 31}, true, "~ vllm v0.20.0 takes transformers 5"},
};
static_assert(vllm::well_formed(kFlatConfigIgnored));

/// source  transformers' Glm4vTextConfig
struct Default {
  std::string_view name;
  std::int64_t value;
};
constexpr Default kTextDefaults[] = {{"vocab_size", 151552},
                                     {"hidden_size", 4096},
                                     {"intermediate_size", 13696},
                                     {"num_hidden_layers", 40},
                                     {"num_attention_heads", 32},
                                     {"num_key_value_heads", 2},
                                     {"max_position_embeddings", 32768}};

/// `ocr`: without learnt positions, and norms over each head.
/// source  vllm/model_executor/models/glm4_1v.py, Glm4vVisionTransformer; transformers' Glm4vVisionConfig; glm_ocr.py
void add_tower(Builder& builder, const json::Fields& vision, bool ocr) {
  const std::int64_t hidden = vision.count_or("hidden_size", ocr ? 1024 : 1536, 1);
  const std::int64_t heads = vision.count_or("num_heads", ocr ? 16 : 12, 1), head = hidden / heads;
  const std::int64_t out = vision.count_or("out_hidden_size", ocr ? 1536 : 4096, 1);
  // The merger is as wide as the tower's own MLPs, or as the language model's.
  const std::int64_t intermediate = vision.count_or("intermediate_size", ocr ? 4096 : 13696, 1);
  const std::int64_t merger = ocr ? builder.text().count_or("intermediate_size", 4096, 1) : intermediate;
  const std::int64_t merge = vision.count_or("spatial_merge_size", 2, 1);
  const std::int64_t patch = vision.count_or("patch_size", 14, 1), side = vision.count_or("image_size", 336, 1) / patch;
  const Tower tower{.whole_with_data = true};

  Block ends = builder.block("visual");
  convolution(
      ends, "patch_embed.proj",
      {hidden, vision.count_or("in_channels", 3, 1), vision.count_or("temporal_patch_size", 2, 1), patch, patch});
  tower_rotary(ends, "rotary_pos_emb", head, true);
  ends.column("merger.proj", out, {out});
  ends.layer_norm("merger.post_projection_norm", out);
  gated_mlp(ends, "merger", out, merger);
  if (!ocr) {
    ends.tensor("embeddings.position_embedding.weight", {side * side, hidden});
    ends.buffer("embeddings.position_ids", {1, side * side}, Dtype::kInt64);
    ends.rms_norm("post_conv_layernorm", hidden);
  }
  convolution(ends, "downsample", {out, hidden, merge, merge});
  ends.rms_norm("post_layernorm", hidden);
  add_tower_part(builder, tower, std::move(ends));
  // The quantised name of the attention's input depends on the method; compressed tensors know the checkpoint's.
  const bool compressed = builder.quantisation().method() == "compressed-tensors";
  add_tower_layers(builder, tower, "visual.blocks", tower_layers(vision, "depth", 24), [&](Block& layer, std::int64_t) {
    layer.rms_norm("norm1", hidden);
    layer.rms_norm("norm2", hidden);
    const LinearOptions linears{.bias = ocr};
    layer.qkv(compressed ? "attn.qkv_proj" : "attn.qkv", hidden, {heads, heads, head}, linears);
    if (ocr) {
      layer.rms_norm("attn.q_norm", head);
      layer.rms_norm("attn.k_norm", head);
    }
    layer.row("attn.proj", hidden, hidden, linears);
    gated_mlp(layer, "mlp", hidden, ocr ? intermediate : out, linears);
  });
}

/// source  vllm/model_executor/models/glm4_1v.py, Glm4vForConditionalGeneration
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  const bool sparse = source.architecture.starts_with("Glm4vMoe");
  const std::optional<ModelSource> read = as_glm4v(source, options.as_of);
  auto builder = Builder::start(read ? *read : source, options, {.rules = kVisualNames, .packed = kPacked});
  if (!builder) return builder.error();
  add_tower(*builder, builder->config().inner("vision_config"), source.architecture.starts_with("GlmOcr"));
  add_language_model(*builder, {sparse ? "Glm4MoeForCausalLM" : "Glm4ForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

std::optional<ModelSource> as_glm4v(const ModelSource& source, vllm::Date as_of) {
  const json::Value* type = source.config.find("model_type");
  const json::Value* text = source.config.find("text_config");
  const bool named = type && type->string() && *type->string() == "glm4v";
  if (!named || (text && text->object()) || !vllm::in_force(kFlatConfigIgnored, as_of)) return std::nullopt;
  json::Object defaults;
  for (const auto& [name, value] : kTextDefaults) defaults.set(std::string(name), json::Value(value));
  defaults.set("model_type", json::Value(std::string("glm4v_text")));
  defaults.set("attention_bias", json::Value(false));
  ModelSource result = source;
  json::Object config = *source.config.object();
  config.set("text_config", json::Value(std::move(defaults)));
  result.config = json::Value(std::move(config));
  return result;
}

extern const Entry glm4v;
const Entry glm4v{kArchitectures, build};

}  // namespace vram::arch::families
