// Kimi-K2.5 and K2.6: MoonViT for images and chunks of video before DeepSeek-V3's decoder.
#include "arch/decoder.h"
#include "arch/vision/moonvit.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"KimiK25ForConditionalGeneration"};

/// source  hf_to_vllm_mapper of the class
constexpr NameRule kNames[] = {{NameRule::Where::kPrefix, "language_model.layers.", "language_model.model.layers."},
                               {NameRule::Where::kPrefix, "mm_projector.proj.0", "mm_projector.linear_1"},
                               {NameRule::Where::kPrefix, "mm_projector.proj.2", "mm_projector.linear_2"}};

/// source  vllm/model_executor/models/kimi_k25.py, KimiK25ForConditionalGeneration
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  add_moonvit_3d(*builder, builder->config().inner("vision_config"), builder->text().count_or("hidden_size", 7168, 1));
  add_language_model(*builder, {"DeepseekV2ForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry kimi_k25;
const Entry kimi_k25{kArchitectures, build};

}  // namespace vram::arch::families
