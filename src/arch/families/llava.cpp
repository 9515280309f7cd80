// LLaVA, LLaVA-NeXT, LLaVA-OneVision and Mistral 3: an encoder of images chosen by its config, a projector of two
// linear layers, and a language model chosen by its own.
#include "arch/decoder.h"
#include "arch/vision/pixtral.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {
    "LlavaForConditionalGeneration",    "LlavaNextForConditionalGeneration",  "LlavaOnevisionForConditionalGeneration",
    "Mistral3ForConditionalGeneration", "LightOnOCRForConditionalGeneration", "LlavaNextVideoForConditionalGeneration",
    "MantisForConditionalGeneration"};

/// source  vllm/model_executor/models/mistral3.py, hf_to_vllm_mapper
constexpr NameRule kMistralNames[] = {kVisionTowerNames[0],
                                      kVisionTowerNames[1],
                                      kVisionTowerNames[2],
                                      kVisionTowerNames[3],
                                      {NameRule::Where::kPrefix, "model.", "language_model.model."}};

/// Mistral 3, and LightOnOCR, whose class is a subclass.
bool is_mistral(std::string_view architecture) {
  return architecture.starts_with("Mistral3") || architecture.starts_with("LightOnOCR");
}

/// How many layers' features LLaVA-NeXT sets side by side.
std::int64_t feature_layers(const json::Fields& config) {
  const json::Value* value = config.find("vision_feature_layer");
  return value && value->array() ? std::max(std::int64_t(value->array()->size()), std::int64_t{1}) : 1;
}

/// source  vllm/model_executor/models/llava.py, LlavaMultiModalProjector; mistral3.py, Mistral3MultiModalProjector;
///         llava_next.py and llava_onevision.py, whose projector is torch's own and whole on every rank
void add_projector(Builder& builder, const Tower& tower, const std::string& architecture, std::int64_t vision) {
  const json::Fields& config = builder.config();
  const bool mistral = is_mistral(architecture), next = architecture.starts_with("LlavaNextFor");
  const bool onevision = architecture.starts_with("LlavaOnevision");
  const bool plain = onevision || architecture.starts_with("LlavaNextVideo");
  const std::int64_t hidden = builder.text().count_or("hidden_size", 4096, 1);
  const LinearOptions linears{
      .bias = config.flag_or("multimodal_projector_bias", !mistral), .quantised = !plain, .whole = plain};
  Block projector = builder.block("multi_modal_projector");
  if (mistral) {
    const std::int64_t merge = config.count_or("spatial_merge_size", 2, 1);
    projector.rms_norm("norm", vision);
    projector.replicated("patch_merger.merging_layer", vision * merge * merge, {vision}, {.quantised = false});
  }
  projector.column("linear_1", vision * (next ? feature_layers(config) : 1), {hidden}, linears);
  projector.row("linear_2", hidden, hidden, linears);
  add_tower_part(builder, tower, std::move(projector));
  if (!next && !onevision) return;
  Block newline = builder.block("");
  newline.tensor("image_newline", {hidden});
  add_tower_part(builder, tower, std::move(newline));
}

/// source  vllm/model_executor/models/llava.py, LlavaForConditionalGeneration, and the files named above
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  const std::string& name = source.architecture;
  const bool onevision = name.starts_with("LlavaOnevision"), mistral = is_mistral(name);
  auto builder = Builder::start(source, options, mistral ? ModelNames{kMistralNames} : ModelNames{kVisionTowerNames});
  if (!builder) return builder.error();
  const bool video = onevision || name.starts_with("LlavaNextVideo");
  const Tower tower{.role = video ? Part::Role::kVision : Part::Role::kImages,
                    .skipped_early = mistral || name.starts_with("LlavaFor") || name.starts_with("Mantis")};
  const VisionEncoder encoder = add_llava_tower(*builder, tower, "vision_tower", onevision || mistral ? -1 : -2);
  add_projector(*builder, tower, name, encoder.hidden);
  add_language_model(*builder, {language_architecture(*builder), "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry llava;
const Entry llava{kArchitectures, build};

}  // namespace vram::arch::families
