#include "arch/vision/qwen2_vision.h"

namespace vram::arch {
namespace {

constexpr vllm::Step<bool> kRotaryTable[] = {
    {{}, false, "vllm v0.11.2 vllm/model_executor/models/qwen2_5_vl.py, Qwen2_5_VisionRotaryEmbedding"},
    {{2025, 11, 25}, true, "~ vllm v0.12.0 vllm/model_executor/models/qwen2_5_vl.py: get_rope"},
};
/// GPTQ checkpoints that name no exceptions leave the tower as it is.
constexpr vllm::Step<bool> kGptqLeavesTower[] = {
    {{}, true, "vllm v0.10.2 vllm/model_executor/models/qwen2_5_vl.py, _maybe_ignore_quant_config"},
    {{2025, 9, 20}, false, "~ vllm v0.11.0 vllm/model_executor/models/qwen2_5_vl.py"},
};
constexpr vllm::Step<bool> kFirstFollowsData[] = {
    {{}, false, "vllm v0.10.2 vllm/model_executor/models/qwen2_vl.py lacks supports_encoder_tp_data"},
    {{2025, 9, 20}, true, "~ vllm v0.11.0 vllm/model_executor/models/qwen2_vl.py"},
};
static_assert(vllm::well_formed(kRotaryTable) && vllm::well_formed(kGptqLeavesTower) &&
              vllm::well_formed(kFirstFollowsData));

struct Widths {
  std::int64_t hidden = 0, intermediate = 0, heads = 0, kv_heads = 0;
  std::int64_t merged = 0;  // channels of the patches that are merged into one
  std::int64_t out = 0;     // the language model's
};

LinearOptions tower_linears(const Builder& builder) {
  const bool gptq = builder.quantisation().method().starts_with("gptq");
  const bool left = gptq && vllm::in_force(kGptqLeavesTower, builder.options().as_of);
  return {.bias = true, .quantised = !left};
}

/// `plain` stands for Qwen2.5-VL.
void add_norm(Block& block, const std::string& name, std::int64_t width, bool plain) {
  if (plain)
    block.rms_norm(name, width);
  else
    block.layer_norm(name, width);
}

Block ends_of(Builder& builder, const std::string& prefix, const json::Fields& vision, const Widths& widths,
              bool plain) {
  Block ends = builder.block(prefix);
  const std::int64_t patch = vision.count_or("patch_size", 14, 1);
  ends.tensor("patch_embed.proj.weight", {widths.hidden, vision.count_or("in_channels", 3, 1),
                                          vision.count_or("temporal_patch_size", 2, 1), patch, patch});
  tower_rotary(ends, "rotary_pos_emb", widths.hidden / widths.heads, !plain);
  const LinearOptions linears = tower_linears(builder);
  add_norm(ends, "merger.ln_q", widths.hidden, plain);
  ends.column("merger.mlp.0", widths.merged, {widths.merged}, linears);
  ends.row("merger.mlp.2", widths.merged, widths.out, linears);
  return ends;
}

}  // namespace

void tower_rotary(Block& block, const std::string& name, std::int64_t head, bool frequencies_on_device) {
  const Builder& builder = block.builder();
  if (!vllm::in_force(kRotaryTable, builder.options().as_of)) {
    if (frequencies_on_device) block.buffer(name + ".inv_freq", {head / 4}, Dtype::kFloat32);
    return;
  }
  RotaryTable table =
      rotary_table(builder, {.head_width = head, .positions = 8192, .partial = 0.5}, builder.config().inner("none"));
  table.name = name + ".cos_sin_cache";
  block.rotary(table);
}

void add_qwen2_vision(Builder& builder, const std::string& prefix, const json::Fields& vision) {
  Widths widths;
  widths.hidden = vision.count_or("embed_dim", 1280, 1);
  widths.heads = vision.count_or("num_heads", 16, 1);
  widths.intermediate = widths.hidden * vision.count_or("mlp_ratio", 4, 1);
  widths.out = vision.count_or("hidden_size", 3584, 1);
  widths.merged = widths.hidden * 4;  // the class does not hand spatial_merge_size on
  const Tower tower{.whole_with_data = vllm::in_force(kFirstFollowsData, builder.options().as_of),
                    .skipped_early = true};
  add_tower_part(builder, tower, ends_of(builder, prefix, vision, widths, false));
  const LinearOptions linears = tower_linears(builder);
  add_tower_layers(builder, tower, prefix + ".blocks", tower_layers(vision, "depth", 32),
                   [&](Block& layer, std::int64_t) {
                     layer.layer_norm("norm1", widths.hidden);
                     layer.layer_norm("norm2", widths.hidden);
                     layer.column("attn.qkv", widths.hidden, {3 * widths.hidden}, linears);
                     layer.row("attn.proj", widths.hidden, widths.hidden, linears);
                     layer.column("mlp.fc1", widths.hidden, {widths.intermediate}, linears);
                     layer.row("mlp.fc2", widths.intermediate, widths.hidden, linears);
                   });
}

void add_qwen2_5_vision(Builder& builder, const std::string& prefix, const json::Fields& vision,
                        std::optional<std::int64_t> kv_heads) {
  Widths widths;
  widths.hidden = vision.count_or("hidden_size", 3584, 1);
  widths.heads = vision.count_or("num_heads", 16, 1);
  widths.kv_heads = vision.count_or("num_key_value_heads", kv_heads.value_or(widths.heads), 1);
  widths.intermediate = vision.count_or("intermediate_size", 3420, 1);
  widths.out = vision.count_or("out_hidden_size", 3584, 1);
  const std::int64_t merge = vision.count_or("spatial_merge_size", 2, 1);
  widths.merged = widths.hidden * merge * merge;
  const Tower tower{.whole_with_data = true, .skipped_early = true};
  add_tower_part(builder, tower, ends_of(builder, prefix, vision, widths, true));
  const LinearOptions linears = tower_linears(builder);
  add_tower_layers(
      builder, tower, prefix + ".blocks", tower_layers(vision, "depth", 32), [&](Block& layer, std::int64_t) {
        layer.rms_norm("norm1", widths.hidden);
        layer.rms_norm("norm2", widths.hidden);
        layer.qkv("attn.qkv", widths.hidden, {widths.heads, widths.kv_heads, widths.hidden / widths.heads}, linears);
        layer.row("attn.proj", widths.hidden, widths.hidden, linears);
        gated_mlp(layer, "mlp", widths.hidden, widths.intermediate, linears);
      });
}

}  // namespace vram::arch
