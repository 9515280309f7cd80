// Step-3 and Step-3.7 with images: an encoder of their own each, two convolutions that halve its grid, and the language
// model.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/families/step3_text.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Step3VLForConditionalGeneration", "Step3p7ForConditionalGeneration"};

/// source  vllm/transformers_utils/configs/step3_vl.py, Step3VisionEncoderConfig; transformers' Step3p7VisionConfig
constexpr VisionEncoder kFirst{1792, 3072, 63, 16, 3, 728, 14};
constexpr VisionEncoder kSecond{1536, 8960, 47, 16, 3, 728, 14};

constexpr Tower kTower{.role = Part::Role::kImages, .whole_with_data = true};

/// source  vllm/model_executor/models/step3_vl.py, Step3VisionTransformer: nothing of it is quantised
void add_first_tower(Builder& builder, const json::Fields& vision) {
  const json::Fields& config = builder.config();
  const VisionEncoder encoder = read_vision_encoder(vision, kFirst);
  const std::int64_t out = vision.count_or("output_hidden_size", 4096, 1);
  Block ends = builder.block("vision_model.embeddings");
  ends.tensor("class_embedding", {1, encoder.hidden});
  convolution(ends, "patch_embedding", {encoder.hidden, encoder.channels, encoder.patch, encoder.patch});
  ends.tensor("position_embedding.weight", {encoder.patches() + 1, encoder.hidden});
  ends.buffer("position_ids", {1, encoder.patches() + 1}, Dtype::kInt64);
  add_tower_part(builder, kTower, std::move(ends));
  add_encoder_layers(builder, kTower, "vision_model.transformer.layers", encoder,
                     {.kept = encoder.layers, .quantised = false});
  Block projector = builder.block("");
  convolution(projector, "vit_downsampler", {out, encoder.hidden, 2, 2});
  convolution(projector, "vit_downsampler2", {2 * out, out, 3, 3});
  projector.replicated("vit_large_projector", 2 * out, {builder.text().count_or("hidden_size", 7168, 1)},
                       {.bias = config.flag_or("projector_bias", true), .quantised = false});
  add_tower_part(builder, kTower, std::move(projector));
}

/// The figures go by transformers' names or by those of the checkpoint's own class.
VisionEncoder read_second(const json::Fields& vision) {
  VisionEncoder encoder = kSecond;
  encoder.hidden = figure(vision, {"width", "hidden_size"}, kSecond.hidden);
  encoder.layers = tower_layers(vision, vision.has("layers") ? "layers" : "num_hidden_layers", kSecond.layers);
  encoder.heads = figure(vision, {"heads", "num_attention_heads"}, kSecond.heads);
  encoder.image = vision.count_or("image_size", kSecond.image, 1);
  encoder.patch = vision.count_or("patch_size", kSecond.patch, 1);
  const double ratio = vision.maybe_number("mlp_ratio").value_or(double(kSecond.intermediate) / double(kSecond.hidden));
  encoder.intermediate = std::int64_t(double(encoder.hidden) * ratio);
  return encoder;
}

/// source  vllm/model_executor/models/step_vl.py, PerceptionEncoder
void add_second_tower(Builder& builder, const json::Fields& vision) {
  const VisionEncoder encoder = read_second(vision);
  const std::int64_t hidden = encoder.hidden;
  const LinearOptions biased{.bias = true};
  const bool has_class = vision.flag_or("use_cls_token", false), learnt = vision.flag_or("use_abs_posemb", true);
  const std::int64_t positions = encoder.patches() + has_class;
  Block ends = builder.block("vision_model");
  convolution(ends, "conv1", {hidden, 3, encoder.patch, encoder.patch}, false);
  if (vision.flag_or("use_ln_pre", true)) ends.layer_norm("ln_pre", hidden);
  if (vision.flag_or("use_ln_post", false)) ends.layer_norm("ln_post", hidden);
  convolution(ends, "vit_downsampler1", {2 * hidden, hidden, 3, 3});
  convolution(ends, "vit_downsampler2", {4 * hidden, 2 * hidden, 3, 3});
  if (has_class) ends.tensor("class_embedding", {hidden});
  if (learnt) ends.tensor("positional_embedding", {positions, hidden});
  add_tower_part(builder, kTower, std::move(ends));
  add_tower_layers(builder, kTower, "vision_model.transformer.resblocks", encoder.layers,
                   [&](Block& layer, std::int64_t) {
                     layer.qkv("attn.qkv_proj", hidden, {encoder.heads, encoder.heads, encoder.head()}, biased);
                     layer.row("attn.out_proj", hidden, hidden, biased);
                     layer.buffer("attn.rope.freqs_cache", {1, 1, positions, encoder.head()}, Dtype::kFloat32);
                     layer.tensor("ls_1.gamma", {hidden});
                     layer.tensor("ls_2.gamma", {hidden});
                     layer.layer_norm("ln_1", hidden);
                     layer.layer_norm("ln_2", hidden);
                     add_plain_mlp(layer, "mlp", hidden, encoder.intermediate);
                   });
  Block projector = builder.block("");
  projector.column("vit_large_projector", 4 * hidden, {builder.text().count_or("hidden_size", 4096, 1)},
                   {.bias = builder.config().flag_or("projector_bias", false)});
  add_tower_part(builder, kTower, std::move(projector));
}

/// transformers 5 refuses to say how many heads a model has whose layers differ, and vLLM asks it.
constexpr vllm::Step<bool> kAsksForHeads[] = {
    {{}, false, "vllm v0.28.0 vllm/transformers_utils/config.py: its own Step3p5Config"},
    {{2026, 9, 1}, true, "~ vllm v0.33.0 vllm/transformers_utils/config.py, get_hf_text_config"},
};
static_assert(vllm::well_formed(kAsksForHeads));

void refuse_differing_heads(const Builder& builder) {
  const json::Fields& config = builder.text();
  if (!vllm::in_force(kAsksForHeads, builder.options().as_of)) return;
  const std::int64_t heads = config.count_or("num_attention_heads", 64, 1);
  if (read_step3_sliding_heads(config, heads) == heads) return;
  const std::vector<std::string> kinds = config.texts("layer_types");
  if (std::find(kinds.begin(), kinds.end(), "sliding_attention") == kinds.end()) return;
  config.refuse("attention_other_setting",
                "'num_attention_heads' is a per-layer attribute and may vary across layers. Access it via the "
                "individual layer configs instead (e.g. config.per_layer_config[i].num_attention_heads). To read the "
                "global config value from config.num_attention_heads anyway, set "
                "`allow_global_per_layer_attribute_access` to `True` on the config. Warning: only do this if the "
                "caller can safely handle heterogeneous configs; code that assumes a homogeneous model may use the "
                "global value incorrectly.",
                "", ErrorCode::kRefused);
}

/// source  vllm/model_executor/models/step3_vl.py, Step3VLForConditionalGeneration; step3p7.py
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const bool second = source.architecture == "Step3p7ForConditionalGeneration";
  const json::Fields vision = builder->config().inner("vision_config");
  if (second) refuse_differing_heads(*builder);
  if (second)
    add_second_tower(*builder, vision);
  else
    add_first_tower(*builder, vision);
  add_language_model(*builder, {second ? "Step3p5ForCausalLM" : "Step3TextForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry step3_vl;
const Entry step3_vl{kArchitectures, build};

}  // namespace vram::arch::families
