// MiniCPM-V 4.6 and 4.7: SigLIP for images of any shape, a merger inside it and one behind it, and Qwen 3.5's decoder.
#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MiniCPMV4_6ForConditionalGeneration",
                                               "MiniCPMV4_7ForConditionalGeneration"};

constexpr Tower kImages{.role = Part::Role::kImages};
constexpr LinearOptions kPlain{.bias = true, .quantised = false};
constexpr std::int64_t kMerged = 2 * 2;

/// source  vllm/model_executor/models/minicpmv4_6.py, MiniCPMV4_6ViTWindowAttentionMerger
void add_window_merger(Builder& builder, const VisionEncoder& encoder) {
  const std::int64_t hidden = encoder.hidden, merged = kMerged * hidden, intermediate = kMerged * encoder.intermediate;
  Block block = builder.block("vit_merger");
  block.qkv("self_attn.qkv_proj", hidden, {encoder.heads, encoder.heads, encoder.head()}, {.bias = true});
  block.row("self_attn.out_proj", hidden, hidden, {.bias = true});
  block.layer_norm("layer_norm1", hidden);
  block.layer_norm("pre_norm", merged);
  block.replicated("linear_1", merged, {intermediate}, kPlain);
  block.replicated("linear_2", intermediate, {hidden}, kPlain);
  add_tower_part(builder, kImages, std::move(block));
}

/// source  the same, MiniCPMV4_6Merger
void add_merger(Builder& builder, std::int64_t vision, std::int64_t hidden) {
  const std::int64_t merged = kMerged * vision;
  Block block = builder.block("merger.mlp.0");
  block.layer_norm("pre_norm", merged);
  block.replicated("linear_1", merged, {merged}, kPlain);
  block.replicated("linear_2", merged, {hidden}, kPlain);
  add_tower_part(builder, kImages, std::move(block));
}

/// source  the same, MiniCPMV4_6ForConditionalGeneration; transformers' MiniCPMV4_6VisionConfig
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const VisionEncoder encoder =
      read_vision_encoder(builder->config().inner("vision_config"), {768, 3072, 12, 12, 3, 224, 16});
  const bool drops_last = builder->config().flag_or("drop_vision_last_layer", false);
  add_idefics2(*builder, kImages, "vpm", encoder, {.kept = encoder.layers - drops_last});
  add_window_merger(*builder, encoder);
  add_merger(*builder, encoder.hidden, builder->text().count_or("hidden_size", 4096, 1));
  add_language_model(*builder, {"Qwen3_5ForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry minicpmv4_6;
const Entry minicpmv4_6{kArchitectures, build};

}  // namespace vram::arch::families
