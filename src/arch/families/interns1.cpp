// InternVL and Intern-S1 as transformers has them: InternViT with its projections apart, pixels shuffled into channels
// and an MLP before a language model of the config's choice.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"InternVLForConditionalGeneration", "InternS1ForConditionalGeneration"};

/// source  vllm/model_executor/models/interns1.py, hf_to_vllm_mapper
constexpr NameRule kNames[] = {{NameRule::Where::kPrefix, "lm_head.", "language_model.lm_head."},
                               {NameRule::Where::kPrefix, "model.language_model.", "language_model.model."},
                               {NameRule::Where::kPrefix, "model.vision_tower.", "vision_tower."},
                               {NameRule::Where::kPrefix, "model.multi_modal_projector.", "multi_modal_projector."}};

/// A side of a square or of two sides.
std::int64_t side(const json::Fields& vision, std::string_view name, std::int64_t absent) {
  const json::Value* value = vision.find(name);
  if (!value || !value->array()) return vision.count_or(name, absent, 1);
  const std::vector<std::int64_t> sides = vision.counts(name);
  return sides.empty() ? absent : std::max<std::int64_t>(sides.front(), 1);
}

void add_layers_of(Builder& builder, const Tower& tower, const json::Fields& vision, std::int64_t hidden) {
  const std::int64_t intermediate = vision.count_or("intermediate_size", 4096, 1);
  const LinearOptions projection{.bias = vision.flag_or("attention_bias", false), .quantised = false};
  const bool rms = vision.text_or("norm_type", "layer_norm") == "rms_norm";
  add_tower_layers(builder, tower, "vision_tower.encoder.layer", tower_layers(vision, "num_hidden_layers", 24),
                   [&](Block& layer, std::int64_t) {
                     for (const char* name : {"attention.q_proj", "attention.k_proj", "attention.v_proj"})
                       layer.replicated(name, hidden, {hidden}, projection);
                     if (vision.flag_or("use_qk_norm", false)) {
                       layer.rms_norm("attention.q_norm", hidden);
                       layer.rms_norm("attention.k_norm", hidden);
                     }
                     layer.replicated("attention.projection_layer", hidden, {hidden},
                                      {.bias = true, .quantised = false});
                     add_plain_mlp(layer, "mlp", hidden, intermediate);
                     layer.layer_norm("layernorm_before", hidden, !rms);
                     layer.layer_norm("layernorm_after", hidden, !rms);
                     layer.tensor("lambda_1", {hidden});
                     layer.tensor("lambda_2", {hidden});
                   });
}

/// source  vllm/model_executor/models/interns1_vit.py, InternS1VisionModel; transformers' InternVLVisionConfig
void add_tower(Builder& builder, const Tower& tower, const json::Fields& vision, std::int64_t hidden) {
  const std::int64_t patch = side(vision, "patch_size", 14), patches = side(vision, "image_size", 448) / patch;
  Block ends = builder.block("vision_tower");
  ends.tensor("embeddings.cls_token", {1, 1, hidden});
  if (vision.flag_or("use_mask_token", false)) ends.tensor("embeddings.mask_token", {1, 1, hidden});
  convolution(ends, "embeddings.patch_embeddings.projection",
              {hidden, vision.count_or("num_channels", 3, 1), patch, patch});
  if (vision.flag_or("use_absolute_position_embeddings", true))
    ends.tensor("embeddings.position_embeddings", {1, patches * patches + 1, hidden});
  if (!vision.flag_or("use_mean_pooling", true)) ends.layer_norm("layernorm", hidden);
  add_tower_part(builder, tower, std::move(ends));
  add_layers_of(builder, tower, vision, hidden);
}

/// source  vllm/model_executor/models/interns1.py, InternS1MultiModalProjector
void add_projector(Builder& builder, const Tower& tower, std::int64_t vision) {
  const json::Fields& config = builder.config();
  const double ratio = config.maybe_number("downsample_ratio").value_or(0.5);
  if (!(ratio > 0.01 && ratio <= 1)) config.refuse("downsample_ratio", "expected a number over 0 and up to 1");
  const auto joined = std::int64_t(1 / std::clamp(ratio, 0.01, 1.0));
  const std::int64_t merged = vision * joined * joined, out = builder.text().count_or("hidden_size", 4096, 1);
  const LinearOptions linears{.bias = true, .quantised = false};
  Block projector = builder.block("multi_modal_projector");
  projector.layer_norm("layer_norm", merged);
  projector.replicated("linear_1", merged, {out}, linears);
  projector.replicated("linear_2", out, {out}, linears);
  add_tower_part(builder, tower, std::move(projector));
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  const json::Fields vision = builder->config().inner("vision_config");
  const std::int64_t hidden = vision.count_or("hidden_size", 1024, 1);
  const Tower tower;
  add_tower(*builder, tower, vision, hidden);
  add_projector(*builder, tower, hidden);
  add_language_model(*builder, {language_architecture(*builder), "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry interns1;
const Entry interns1{kArchitectures, build};

}  // namespace vram::arch::families
