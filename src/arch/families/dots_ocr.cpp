// dots.ocr: an encoder with RMSNorm and gated MLPs before Qwen 2's decoder.
#include "arch/decoder.h"
#include "arch/vision/tower.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"DotsOCRForCausalLM"};

/// source  hf_to_vllm_mapper and packed_modules_mapping of the class
constexpr NameRule kNames[] = {{NameRule::Where::kSubstring, ".attn.qkv_proj.", ".attn.qkv."},
                               {NameRule::Where::kSubstring, ".attn.out_proj.", ".attn.proj."},
                               {NameRule::Where::kPrefix, "lm_head.", "language_model.lm_head."},
                               {NameRule::Where::kPrefix, "model.", "language_model.model."}};
constexpr std::string_view kGateUp[] = {"fc1", "fc3"};
constexpr ModelNames::Packed kPacked[] = {{"fc13", kGateUp}};

/// source  vllm/model_executor/models/dots_ocr.py, DotsVisionTransformer; transformers_utils/configs/dotsocr.py
void add_tower(Builder& builder, const json::Fields& vision) {
  const std::int64_t width = vision.count_or("embed_dim", 1536, 1), out = vision.count_or("hidden_size", 1536, 1);
  const std::int64_t intermediate = vision.count_or("intermediate_size", 4224, 1);
  const std::int64_t heads = vision.count_or("num_attention_heads", 12, 1),
                     patch = vision.count_or("patch_size", 14, 1);
  const std::int64_t merge = vision.count_or("spatial_merge_size", 2, 1), merged = width * merge * merge;
  const LinearOptions linears{.bias = vision.flag_or("use_bias", false)};
  const LinearOptions merger{.bias = true, .quantised = false};
  const Tower tower{.role = Part::Role::kImages, .whole_with_data = true};
  Block ends = builder.block("vision_tower");
  convolution(ends, "patch_embed.patchifier.proj", {width, vision.count_or("num_channels", 3, 1), patch, patch});
  ends.rms_norm("patch_embed.patchifier.norm", width);
  ends.buffer("rotary_pos_emb.inv_freq", {ceil_div(width / heads / 2, 2)}, Dtype::kFloat32);
  if (vision.flag_or("post_norm", true)) ends.rms_norm("post_trunk_norm", width);
  ends.layer_norm("merger.ln_q", width);
  ends.column("merger.mlp.0", merged, {merged}, merger);
  ends.row("merger.mlp.2", merged, out, merger);
  add_tower_part(builder, tower, std::move(ends));
  add_tower_layers(builder, tower, "vision_tower.blocks", tower_layers(vision, "num_hidden_layers", 42),
                   [&](Block& layer, std::int64_t) {
                     layer.qkv("attn.qkv", width, {heads, heads, width / heads}, linears);
                     layer.row("attn.proj", width, width, linears);
                     layer.rms_norm("norm1", width);
                     LinearOptions gate_up = linears;
                     gate_up.shards = kGateUp;
                     layer.column("mlp.fc13", width, {intermediate, intermediate}, gate_up);
                     layer.row("mlp.fc2", intermediate, width, linears);
                     layer.rms_norm("norm2", width);
                   });
}

/// vLLM's own config class passes by what transformers 5 makes of "use_sliding_window": a window that is given counts.
constexpr vllm::Step<bool> kWindowCounts[] = {
    {{}, false, "vllm v0.19.0 requires transformers < 5, whose Qwen2Config drops an unused window"},
    {{2026, 3, 31}, true, "~ vllm v0.20.0 takes transformers 5; vllm/transformers_utils/configs/dotsocr.py"},
};
static_assert(vllm::well_formed(kWindowCounts));

ModelSource with_window(const ModelSource& source, vllm::Date as_of) {
  if (!vllm::in_force(kWindowCounts, as_of) || !source.config.find("sliding_window")) return source;
  ModelSource result = source;
  json::Object config = *source.config.object();
  config.set("use_sliding_window", json::Value(true));
  config.set("max_window_layers", json::Value(std::int64_t{0}));
  result.config = json::Value(std::move(config));
  return result;
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  const ModelSource read = with_window(source, options.as_of);
  auto builder = Builder::start(read, options, {.rules = kNames, .packed = kPacked});
  if (!builder) return builder.error();
  add_tower(*builder, builder->config().inner("vision_config"));
  add_language_model(*builder, {"Qwen2ForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry dots_ocr;
const Entry dots_ocr{kArchitectures, build};

}  // namespace vram::arch::families
