// LFM2-VL: SigLIP 2 on patches of any number, a projector whole on every rank, and LFM2's decoder.
#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Lfm2VlForConditionalGeneration"};

/// source  vllm/model_executor/models/lfm2_vl.py, Lfm2VLForConditionalGeneration; lfm2_siglip2.py
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kVisionTowerNames});
  if (!builder) return builder.error();
  const json::Fields& config = builder->config();
  const json::Fields vision = config.inner("vision_config");
  const VisionEncoder encoder = read_vision_encoder(vision);
  const Tower tower{.role = Part::Role::kImages};
  const std::string model = "vision_tower.vision_model";
  Block ends = builder->block(model);
  const LinearOptions plain{.bias = true, .quantised = false};
  ends.replicated("embeddings.patch_embedding", encoder.channels * encoder.patch * encoder.patch, {encoder.hidden},
                  plain);
  ends.tensor("embeddings.position_embedding.weight", {vision.count_or("num_patches", 256, 1), encoder.hidden});
  ends.layer_norm("post_layernorm", encoder.hidden);
  add_tower_part(*builder, tower, std::move(ends));
  add_encoder_layers(*builder, tower, model + ".encoder.layers", encoder, vision_layers(encoder, -1));

  const std::int64_t factor = config.count_or("downsample_factor", 2, 1);
  const std::int64_t merged = encoder.hidden * factor * factor;
  const std::int64_t projected = config.count_or("projector_hidden_size", 2560, 1);
  const LinearOptions linears{.bias = config.flag_or("projector_bias", true), .quantised = false};
  Block projector = builder->block("multi_modal_projector");
  if (config.flag_or("projector_use_layernorm", true)) projector.layer_norm("layer_norm", merged);
  projector.replicated("linear_1", merged, {projected}, linears);
  projector.replicated("linear_2", projected, {builder->text().count_or("hidden_size", 2560, 1)}, linears);
  add_tower_part(*builder, tower, std::move(projector));
  // For quantisation the language model is named without its last word.
  add_language_model(*builder, {"Lfm2ForCausalLM", "language"});
  return builder->finish();
}

}  // namespace

extern const Entry lfm2_vl;
const Entry lfm2_vl{kArchitectures, build};

}  // namespace vram::arch::families
