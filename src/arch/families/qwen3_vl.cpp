// Qwen3-VL: its vision tower before Qwen 3's decoder, dense or with experts.
#include "arch/decoder.h"
#include "arch/vision/qwen3_vision.h"
#include "arch/vision/tower.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Qwen3VLForConditionalGeneration", "Qwen3VLMoeForConditionalGeneration",
                                               "Cosmos3ForConditionalGeneration", "Alpamayo2Super"};

/// source  vllm/model_executor/models/qwen3_vl.py, Qwen3VLForConditionalGeneration; qwen3_vl_moe.py
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kVisualNames});
  if (!builder) return builder.error();
  add_qwen3_vision(*builder, "visual", 3);
  const bool sparse = source.architecture.find("Moe") != std::string::npos;
  add_language_model(
      *builder, {sparse ? "Qwen3MoeForCausalLM" : "Qwen3ForCausalLM", "language_model", qwen3_mrope_factor(*builder)});
  return builder->finish();
}

}  // namespace

extern const Entry qwen3_vl;
const Entry qwen3_vl{kArchitectures, build};

}  // namespace vram::arch::families
