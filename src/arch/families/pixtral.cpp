// Pixtral and Mistral's later models of images, as their own params.json describes them: an encoder of its own, a
// projector that may merge patches, and a language model.
#include "arch/vision/pixtral.h"

#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"PixtralForConditionalGeneration"};

constexpr vllm::Step<bool> kEncoderDivided[] = {
    {{}, false, "vllm v0.19.0 vllm/model_executor/models/pixtral.py: torch's own linear layers"},
    {{2026, 6, 1}, true, "~vllm v0.25.1 vllm/model_executor/models/pixtral.py, Attention and FeedForward"},
};
static_assert(vllm::well_formed(kEncoderDivided));

constexpr Tower kTower{.role = Part::Role::kImages, .skipped_early = true};

/// source  vllm/model_executor/models/pixtral.py, PixtralForConditionalGeneration, PatchMerger, VisionLanguageAdapter
void add_projector(Builder& builder, const json::Fields& vision, std::int64_t width) {
  const std::int64_t hidden = builder.text().count("hidden_size");
  const bool merges = vision.text_or("mm_projector_id", "") == "patch_merge";
  const std::int64_t side = vision.count_or("spatial_merge_size", 1, 1);
  Block projector = builder.block("");
  if (vision.flag_or("add_pre_mm_projector_layer_norm", false)) projector.rms_norm("pre_mm_projector_norm", width);
  if (merges) projector.replicated("patch_merger.merging_layer", width * side * side, {width}, {.quantised = false});
  const LinearOptions linears{.bias = vision.flag_or("adapter_bias", true), .quantised = false};
  projector.replicated("vision_language_adapter.w_in", width, {hidden}, linears);
  projector.replicated("vision_language_adapter.w_out", hidden, {hidden}, linears);
  add_tower_part(builder, kTower, std::move(projector));
}

/// Nothing but the language model is quantised.
///
///   source  vllm/model_executor/models/pixtral.py, PixtralForConditionalGeneration, VisionTransformer
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {kVisionTowerNames});
  if (!builder) return builder.error();
  add_language_model(*builder, {language_architecture(*builder), "language_model"});
  const json::Fields vision = builder->config().inner("vision_config");
  const VisionEncoder encoder = read_vision_encoder(vision, kPixtral);
  Block ends = builder->block("vision_encoder");
  convolution(ends, "patch_conv", {encoder.hidden, encoder.channels, encoder.patch, encoder.patch}, false);
  ends.rms_norm("ln_pre", encoder.hidden);
  add_tower_part(*builder, kTower, std::move(ends));
  const bool divided = vllm::in_force(kEncoderDivided, options.as_of);
  add_pixtral_layers(*builder, kTower, "vision_encoder.transformer.layers", encoder, encoder.layers,
                     {.quantised = false, .whole = !divided});
  add_projector(*builder, vision, encoder.hidden);
  return builder->finish();
}

}  // namespace

extern const Entry pixtral;
const Entry pixtral{kArchitectures, build};

}  // namespace vram::arch::families
