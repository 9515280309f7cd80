// ERNIE 4.5 VL: experts of their own for text and for images beside shared ones, a ViT, and a resampler of patches.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Ernie4_5_VLMoeForConditionalGeneration"};

/// source  hf_to_vllm_mapper of the class
constexpr NameRule kNames[] = {{NameRule::Where::kPrefix, "lm_head.", "language_model.lm_head."},
                               {NameRule::Where::kPrefix, "model.resampler_model.", "resampler_model."},
                               {NameRule::Where::kPrefix, "model.", "language_model.model."}};

constexpr Decoder kAbsent{2560, 12288, 103424, 28, 131072, {20, 4, 128}, true};

/// A pair of figures: of text and of images.
std::int64_t of_modality(const json::Fields& config, std::string_view name, std::size_t modality, std::int64_t absent) {
  const json::Value* value = config.find(name);
  if (!value || !value->array()) return config.count_or(name, absent);
  const std::vector<std::int64_t> both = config.counts(name);
  return modality < both.size() ? both[modality] : absent;
}

struct Sparse {
  std::int64_t first = 0, last = 0;
  std::int64_t experts = 0, intermediate = 0;
  [[nodiscard]] bool holds(std::int64_t i) const { return i >= first && i <= last; }
};

Sparse read_sparse(const json::Fields& config, std::int64_t layers, std::size_t modality) {
  return {of_modality(config, "moe_layer_start_index", modality, 1),
          of_modality(config, "moe_layer_end_index", modality, layers - 1),
          of_modality(config, "moe_num_experts", modality, 64),
          of_modality(config, "moe_intermediate_size", modality, modality == 0 ? 1536 : 512)};
}

/// source  vllm/model_executor/models/ernie45_vl_moe.py, Ernie4_5_VLMoeMoE
void add_experts(Block& layer, const Decoder& decoder, std::int64_t i, const Sparse& text, const Sparse& images) {
  const json::Fields& config = layer.builder().text();
  layer.tensor("mlp.e_score_correction_bias", {2, text.experts}, Dtype::kFloat32);
  if (const std::int64_t shared = config.count_or("moe_num_shared_experts", 0); shared > 0)
    gated_mlp(layer, "mlp.shared_experts", decoder.hidden, text.intermediate * shared);
  bool dense = false;
  for (const auto& [name, sparse] : {std::pair("text_experts", &text), std::pair("vision_experts", &images)}) {
    const std::string experts = std::string("mlp.") + name;
    if (!sparse->holds(i)) {
      dense = true;
      continue;
    }
    layer.replicated(experts + "_gate", decoder.hidden, {sparse->experts}, {.dtype = Dtype::kFloat32});
    layer.experts({.name = experts,
                   .count = sparse->experts,
                   .per_token = config.count_or("moe_k", 6, 1),
                   .hidden = decoder.hidden,
                   .intermediate = sparse->intermediate});
  }
  if (dense)
    gated_mlp(layer, "mlp.mlp", decoder.hidden, decoder.intermediate, {.bias = config.flag_or("use_bias", false)});
}

/// source  the same, Ernie4_5_VLMoeForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  const Sparse text = read_sparse(config, decoder.layers, 0), images = read_sparse(config, decoder.layers, 1);
  const std::int64_t interval = config.count_or("moe_layer_interval", 1, 1);
  SelfAttention attention{.bias = config.flag_or("use_bias", false)};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.rotary->rows *= 4;  // positions of time, height and width
  attention.cache = attention_cache(builder, decoder.heads);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    self_attention(layer, decoder, attention);
    const bool sparse = text.experts > 0 && (i + 1) % interval == 0 && i >= std::min(text.first, images.first) &&
                        i <= std::max(text.last, images.last);
    if (sparse)
      add_experts(layer, decoder, i, text, images);
    else
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate, {.bias = config.flag_or("use_bias", false)});
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

/// source  vllm/model_executor/models/ernie45_vl.py, Ernie4_5_VisionTransformer
void add_vision(Builder& builder, const Tower& tower) {
  const json::Fields vision = builder.config().inner("vision_config");
  const std::int64_t hidden = vision.count_or("hidden_size", 1280, 1), heads = vision.count_or("num_heads", 16, 1);
  const std::int64_t patch = vision.count_or("patch_size", 14, 1), mlp = hidden * vision.count_or("mlp_ratio", 4, 1);
  Block ends = builder.block("vision_model");
  ends.tensor("patch_embed.proj.weight", {hidden, vision.count_or("in_channels", 3, 1) * patch * patch});
  ends.buffer("rotary_pos_emb.inv_freq", {hidden / heads / 4}, Dtype::kFloat32);
  ends.layer_norm("ln", hidden);
  add_tower_part(builder, tower, std::move(ends));
  add_tower_layers(builder, tower, "vision_model.blocks", tower_layers(vision, "depth", 32),
                   [&](Block& layer, std::int64_t) {
                     layer.layer_norm("norm1", hidden);
                     layer.layer_norm("norm2", hidden);
                     layer.qkv("attn.qkv", hidden, {heads, heads, hidden / heads}, {.bias = true});
                     layer.row("attn.proj", hidden, hidden, {.bias = true});
                     add_plain_mlp(layer, "mlp", hidden, mlp);
                   });
}

/// source  the same, VariableResolutionResamplerModel
void add_resampler(Builder& builder, const Tower& tower) {
  const json::Fields& config = builder.config();
  const std::int64_t side = config.count_or("spatial_conv_size", 2, 1),
                     steps = config.count_or("temporal_conv_size", 2, 1);
  const std::int64_t spatial = config.count_or("pixel_hidden_size", 1280, 1) * side * side;
  const std::int64_t hidden = config.count_or("hidden_size", kAbsent.hidden, 1);
  const LinearOptions biased{.bias = true, .quantised = false};
  Block block = builder.block("resampler_model");
  block.column("spatial_linear1", spatial, {spatial}, biased);
  block.column("spatial_linear2", spatial, {spatial}, biased);
  block.layer_norm("spatial_norm", spatial);
  if (config.flag_or("use_temporal_conv", true)) {
    block.column("temporal_linear1", spatial * steps, {spatial}, biased);
    block.column("temporal_linear2", spatial, {spatial}, biased);
    block.layer_norm("temporal_norm", spatial);
  }
  block.column("mlp", spatial, {hidden}, biased);
  block.rms_norm("after_norm", hidden);
  add_tower_part(builder, tower, std::move(block));
}

/// The tokens that stand for images.
void add_token_ids(Builder& builder) {
  const json::Fields& config = builder.config();
  if (config.count_or("im_patch_id", 0) == 0) return;
  std::int64_t ids = 1;
  for (const char* name : {"image_start_token_id", "image_end_token_id", "video_start_token_id", "video_end_token_id"})
    ids += config.has(name);
  Block block = builder.block("");
  block.buffer("_visual_token_ids_tensor_cache", {ids}, Dtype::kInt64);
  builder.add_part("tokens", Part::Place::kEveryStage, std::move(block));
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  const Tower tower;
  add_vision(*builder, tower);
  add_resampler(*builder, tower);
  describe(*builder, {"Ernie4_5_VLMoeForCausalLM", "language_model"});
  builder->model.language_class = "Ernie4_5_VLMoeForCausalLM";
  add_token_ids(*builder);
  return builder->finish();
}

}  // namespace

extern const Entry ernie4_5_vl;
const Entry ernie4_5_vl{kArchitectures, build};

}  // namespace vram::arch::families
