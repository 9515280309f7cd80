// Models that set a projector of their own between SigLIP and a language model: PaliGemma and Command A Vision.
#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"PaliGemmaForConditionalGeneration",
                                               "Cohere2VisionForConditionalGeneration"};

/// source  vllm/model_executor/models/paligemma.py; cohere2_vision.py, Cohere2VisionMultiModalProjector
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kVisionTowerNames});
  if (!builder) return builder.error();
  const json::Fields& config = builder->config();
  const json::Fields vision = config.inner("vision_config");
  const VisionEncoder encoder = read_vision_encoder(vision);
  const Tower tower{.role = Part::Role::kImages};
  add_siglip(*builder, tower, "vision_tower", vision, encoder, vision_layers(encoder, -1));
  const std::int64_t hidden = builder->text().count_or("hidden_size", 4096, 1);
  Block projector = builder->block("multi_modal_projector");
  const bool gemma = source.architecture.starts_with("PaliGemma");
  if (gemma) {
    projector.replicated("linear", encoder.hidden, {vision.count_or("projection_dim", 2048, 1)},
                         {.bias = true, .quantised = false});
  } else {
    const std::int64_t factor = config.count_or("downsample_factor", 2, 1);
    const std::int64_t half = config.count_or("alignment_intermediate_size", 36864, 2) / 2;
    const LinearOptions linears{.bias = true, .quantised = false};
    projector.column("linear_1", encoder.hidden * factor * factor, {half, half}, linears);
    projector.row("linear_2", half, hidden, linears);
  }
  add_tower_part(*builder, tower, std::move(projector));
  const bool first = builder->text().text_or("model_type", "gemma") == "gemma";
  const std::string text = gemma ? (first ? "GemmaForCausalLM" : "Gemma2ForCausalLM") : language_architecture(*builder);
  add_language_model(*builder, {text, "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry siglip_models;
const Entry siglip_models{kArchitectures, build};

}  // namespace vram::arch::families
