// Idefics 3 and SmolVLM: SigLIP without position buffers, a linear connector, and Llama's decoder.
#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Idefics3ForConditionalGeneration", "SmolVLMForConditionalGeneration"};

/// source  transformers' Idefics3VisionConfig
constexpr VisionEncoder kAbsent{1152, 3072, 12, 16, 3, 224, 32};

/// source  vllm/model_executor/models/idefics3.py, Idefics3ForConditionalGeneration; idefics2_vision_model.py
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const VisionEncoder encoder = read_vision_encoder(builder->config().inner("vision_config"), kAbsent);
  const Tower tower{.role = Part::Role::kImages};
  add_idefics2(*builder, tower, "model.vision_model", encoder, vision_layers(encoder, -1));
  const std::int64_t scale = builder->config().count_or("scale_factor", 2, 1);
  Block connector = builder->block("model.connector");
  connector.replicated("modality_projection.proj", encoder.hidden * scale * scale,
                       {builder->text().count_or("hidden_size", 4096, 1)});
  add_tower_part(*builder, tower, std::move(connector));
  add_language_model(*builder, {"LlamaForCausalLM", "model.text_model"});
  return builder->finish();
}

}  // namespace

extern const Entry idefics3;
const Entry idefics3{kArchitectures, build};

}  // namespace vram::arch::families
