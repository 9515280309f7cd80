// Kimi-K3: MoonViT before Kimi-Linear's layers.
#include "arch/families/kimi_linear.h"
#include "arch/vision/moonvit.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"KimiK3ForConditionalGeneration", "KimiK3MTPModel"};

/// source  hf_to_vllm_mapper of the class
constexpr NameRule kNames[] = {{NameRule::Where::kPrefix, "language_model.layers.", "language_model.model.layers."},
                               {NameRule::Where::kPrefix, "mm_projector.proj.0", "mm_projector.linear_1"},
                               {NameRule::Where::kPrefix, "mm_projector.proj.2", "mm_projector.linear_2"}};

/// source  vllm/models/kimi_k3/nvidia/model.py, KimiK3ForConditionalGeneration; mtp.py, KimiK3MTP
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  if (source.architecture == "KimiK3MTPModel") {
    describe_kimi_draft(*builder, {source.architecture, ""});
    return builder->finish();
  }
  add_moonvit_3d(*builder, builder->config().inner("vision_config"), builder->text().count("hidden_size"),
                 {.role = Part::Role::kImages, .times = false});
  describe_kimi_linear(*builder, {"KimiLinearForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry kimi_k3;
const Entry kimi_k3{kArchitectures, build};

}  // namespace vram::arch::families
