// Qwen2-VL and Qwen2.5-VL: their vision towers before Qwen 2's decoder. EXAONE 4.5: the second's tower with fewer KV
// heads before EXAONE 4's.
#include "arch/decoder.h"
#include "arch/vision/qwen2_vision.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration",
                                               "Tarsier2ForConditionalGeneration", "OpenCUAForConditionalGeneration",
                                               "Exaone4_5_ForConditionalGeneration"};

/// source  hf_to_vllm_mapper of the class
constexpr NameRule kNames[] = {{NameRule::Where::kPrefix, "model.language_model.", "language_model.model."},
                               {NameRule::Where::kPrefix, "model.visual.", "visual."},
                               {NameRule::Where::kPrefix, "lm_head.", "language_model.lm_head."},
                               {NameRule::Where::kPrefix, "model.", "language_model.model."}};

/// source  vllm/model_executor/models/qwen2_vl.py, Qwen2VLForConditionalGeneration; qwen2_5_vl.py
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  const json::Fields vision = builder->config().inner("vision_config");
  const bool exaone = source.architecture.starts_with("Exaone");
  if (exaone)
    add_qwen2_5_vision(*builder, "visual", vision, 8);
  else if (source.architecture.starts_with("Qwen2_5") || source.architecture.starts_with("OpenCUA"))
    add_qwen2_5_vision(*builder, "visual", vision);
  else
    add_qwen2_vision(*builder, "visual", vision);
  add_language_model(*builder, {exaone ? "Exaone4ForCausalLM" : "Qwen2ForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry qwen2_vl;
const Entry qwen2_vl{kArchitectures, build};

}  // namespace vram::arch::families
