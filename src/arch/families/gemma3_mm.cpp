// Gemma 3 with images: SigLIP, a projector, and the Gemma 3 decoder.
#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Gemma3ForConditionalGeneration"};

/// source  vllm/model_executor/models/gemma3_mm.py, Gemma3ForConditionalGeneration
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kVisionTowerNames});
  if (!builder) return builder.error();
  const json::Fields vision = builder->config().inner("vision_config");
  const VisionEncoder encoder = read_vision_encoder(vision);
  const Tower tower{.role = Part::Role::kImages};
  add_siglip(*builder, tower, "vision_tower", vision, encoder, vision_layers(encoder, -1));

  Block projector = builder->block("multi_modal_projector");
  projector.tensor("mm_input_projection_weight", {encoder.hidden, builder->text().count_or("hidden_size", 2304, 1)});
  projector.rms_norm("mm_soft_emb_norm", encoder.hidden);
  add_tower_part(*builder, tower, std::move(projector));

  add_language_model(*builder, {"Gemma3ForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry gemma3_mm;
const Entry gemma3_mm{kArchitectures, build};

}  // namespace vram::arch::families
