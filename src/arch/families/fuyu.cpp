// Fuyu: patches of an image through one linear layer into Persimmon's decoder. vLLM had the class up to 0.25.
#include "arch/decoder.h"
#include "arch/vision/tower.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"FuyuForCausalLM"};

/// source  vllm v0.25.1 vllm/model_executor/models/fuyu.py, FuyuForCausalLM
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const json::Fields& config = builder->config();
  const std::int64_t patch = config.count_or("patch_size", 30, 1), channels = config.count_or("num_channels", 3, 1);
  Block patches = builder->block("");
  patches.column("vision_embed_tokens", patch * patch * channels, {config.count_or("hidden_size", 4096, 1)},
                 {.bias = true});
  add_tower_part(*builder, {.role = Part::Role::kImages}, std::move(patches));
  add_language_model(*builder, {"PersimmonForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry fuyu;
const Entry fuyu{kArchitectures, build};

}  // namespace vram::arch::families
