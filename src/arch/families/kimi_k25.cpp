// Kimi-VL, Kimi-K2.5 and K2.6: MoonViT for images, in the latter chunks of video too, before DeepSeek's decoder.
#include "arch/decoder.h"
#include "arch/vision/moonvit.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"KimiVLForConditionalGeneration", "KimiK25ForConditionalGeneration"};

/// source  hf_to_vllm_mapper of the class
constexpr NameRule kNames[] = {{NameRule::Where::kPrefix, "language_model.layers.", "language_model.model.layers."},
                               {NameRule::Where::kPrefix, "mm_projector.proj.0", "mm_projector.linear_1"},
                               {NameRule::Where::kPrefix, "mm_projector.proj.2", "mm_projector.linear_2"}};

/// source  vllm/model_executor/models/kimi_vl.py, KimiVLForConditionalGeneration; kimi_k25.py
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  const bool first = source.architecture.starts_with("KimiVL");
  auto builder = Builder::start(source, options, first ? ModelNames{} : ModelNames{.rules = kNames});
  if (!builder) return builder.error();
  const json::Fields vision = builder->config().inner("vision_config");
  if (first)
    add_moonvit(*builder, vision, builder->text().count_or("hidden_size", 4096, 1));
  else
    add_moonvit_3d(*builder, vision, builder->text().count_or("hidden_size", 7168, 1));
  add_language_model(*builder, {"DeepseekV2ForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry kimi_k25;
const Entry kimi_k25{kArchitectures, build};

}  // namespace vram::arch::families
