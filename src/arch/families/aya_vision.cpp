// Aya Vision: SigLIP, neighbouring patches set side by side, a gated projector, and Cohere 2's decoder. vLLM had the
// class up to 0.24.
#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"AyaVisionForConditionalGeneration"};

/// source  vllm v0.19.0 vllm/model_executor/models/aya_vision.py, AyaVisionMultiModalProjector
void add_projector(Builder& builder, const Tower& tower, const VisionEncoder& encoder) {
  const json::Fields& config = builder.config();
  const std::int64_t factor = config.count_or("downsample_factor", 2, 1);
  const std::int64_t merged = encoder.hidden * factor * factor,
                     hidden = builder.text().count_or("hidden_size", 8192, 1);
  const std::int64_t middle = config.count_or("alignment_intermediate_size", hidden, 1);
  const LinearOptions linears{.bias = true, .quantised = false};
  Block projector = builder.block("multi_modal_projector");
  projector.layer_norm("layernorm", merged);
  projector.replicated("linear_1", merged, {middle}, linears);
  projector.replicated("linear_2", middle / 2, {hidden}, linears);
  add_tower_part(builder, tower, std::move(projector));
}

/// source  vllm v0.19.0 vllm/model_executor/models/aya_vision.py, AyaVisionForConditionalGeneration
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, ModelNames{kVisionTowerNames});
  if (!builder) return builder.error();
  const json::Fields vision = builder->config().inner("vision_config");
  const VisionEncoder encoder = read_vision_encoder(vision, {1152, 4304, 26, 14, 3, 364, 14});
  std::int64_t feature_layer = -1;
  if (const json::Value* layer = builder->config().find("vision_feature_layer"); layer && layer->integer())
    feature_layer = *layer->integer();
  const Tower tower{.role = Part::Role::kImages};
  add_siglip(*builder, tower, "vision_model", vision, encoder, vision_layers(encoder, feature_layer));
  add_projector(*builder, tower, encoder);
  add_language_model(*builder, {"Cohere2ForCausalLM", "model"});
  return builder->finish();
}

}  // namespace

extern const Entry aya_vision;
const Entry aya_vision{kArchitectures, build};

}  // namespace vram::arch::families
