#include "arch/vision/moonvit.h"

namespace vram::arch {
namespace {

/// Checkpoints and transformers name the figures differently.
std::int64_t either(const json::Fields& fields, std::string_view name, std::string_view other, std::int64_t absent) {
  return fields.count_or(name, fields.count_or(other, absent, 1), 1);
}

void add_norm(Block& block, const std::string& name, std::int64_t width, bool rms) {
  if (rms)
    block.rms_norm(name, width);
  else
    block.layer_norm(name, width);
}

/// Whether a tower that may be quantised is cast to the model's dtype like any other.
constexpr vllm::Step<bool> kCastsQuantised[] = {
    {{}, true, "vllm v0.21.0 vllm/model_executor/models/kimi_k25.py"},
    {{2026, 5, 25}, false, "~vllm v0.22.0 vllm/model_executor/models/kimi_k25.py, KimiK25ForConditionalGeneration"},
};
static_assert(vllm::well_formed(kCastsQuantised));

bool kept_as_created(const Builder& builder, bool quantised) {
  return quantised && !builder.quantisation().method().empty() &&
         !vllm::in_force(kCastsQuantised, builder.options().as_of);
}

std::int64_t merged_patches(const json::Fields& vision) {
  const std::vector<std::int64_t> merge = vision.counts("merge_kernel_size");
  return merge.size() < 2 ? 4 : merge[0] * merge[1];
}

struct Layers {
  std::int64_t hidden = 0, intermediate = 0, heads = 0;
  std::int64_t attention = 0;  // width of query, key and value
  bool rms = false;
  LinearOptions attends, linears;
};

void add_blocks(Builder& builder, const Tower& tower, std::int64_t count, const Layers& layers) {
  const std::int64_t hidden = layers.hidden;
  add_tower_layers(builder, tower, "vision_tower.encoder.blocks", count, [&](Block& layer, std::int64_t) {
    add_norm(layer, "norm0", hidden, layers.rms);
    add_norm(layer, "norm1", hidden, layers.rms);
    layer.column("mlp.fc0", hidden, {layers.intermediate}, layers.linears);
    layer.row("mlp.fc1", layers.intermediate, hidden, layers.linears);
    layer.qkv("wqkv", hidden, {layers.heads, layers.heads, layers.attention / layers.heads}, layers.attends);
    layer.row("wo", layers.attention, hidden, layers.attends);
  });
}

}  // namespace

void add_moonvit(Builder& builder, const json::Fields& vision, std::int64_t out) {
  const LinearOptions linears{.bias = true, .quantised = false};
  Layers layers{.attends = linears, .linears = linears};
  layers.hidden = layers.attention = vision.count_or("hidden_size", 1152, 1);
  layers.intermediate = vision.count_or("intermediate_size", 4304, 1);
  layers.heads = vision.count_or("num_attention_heads", 16, 1);
  const Tower tower{.role = Part::Role::kImages, .whole_with_data = true};
  const std::int64_t patch = vision.count_or("patch_size", 14, 1);
  Block ends = builder.block("vision_tower");
  convolution(ends, "patch_embed.proj", {layers.hidden, 3, patch, patch});
  ends.tensor("patch_embed.pos_emb.weight", {vision.count_or("init_pos_emb_height", 64, 1),
                                             vision.count_or("init_pos_emb_width", 64, 1), layers.hidden});
  ends.layer_norm("encoder.final_layernorm", layers.hidden);
  add_tower_part(builder, tower, std::move(ends));
  add_blocks(builder, tower, tower_layers(vision, "num_hidden_layers", 27), layers);
  const std::int64_t merged = layers.hidden * merged_patches(vision);
  Block projector = builder.block("multi_modal_projector");
  projector.layer_norm("pre_norm", layers.hidden);
  projector.replicated("linear_1", merged, {merged}, linears);
  projector.replicated("linear_2", merged, {out}, linears);
  add_tower_part(builder, tower, std::move(projector));
}

void add_moonvit_3d(Builder& builder, const json::Fields& vision, std::int64_t out, const Moonvit3d& kind) {
  const std::int64_t hidden = either(vision, "hidden_size", "vt_hidden_size", 1152);
  const std::int64_t intermediate = either(vision, "intermediate_size", "vt_intermediate_size", 4304);
  const std::int64_t heads = either(vision, "num_attention_heads", "vt_num_attention_heads", 16);
  const std::int64_t attention = vision.count_or("qkv_hidden_size", hidden, 1);
  const bool rms = vision.text_or("norm_type", "layernorm") == "rmsnorm";
  // Compressed tensors of the language model leave the tower as it is.
  const bool quantised = builder.quantisation().method() != "compressed-tensors";
  const LinearOptions attends{.bias = vision.flag_or("attn_bias", true), .quantised = quantised};
  const LinearOptions linears{.bias = vision.flag_or("linear_bias", true), .quantised = quantised};
  const Tower tower{.role = kind.role, .whole_with_data = true, .whole_unless = heads};

  Block ends = builder.block("vision_tower");
  const std::int64_t patch = vision.count_or("patch_size", 14, 1);
  convolution(ends, "patch_embed.proj", {hidden, 3, patch, patch}, vision.flag_or("patch_embed_proj_bias", true));
  ends.tensor("patch_embed.pos_emb.weight", {either(vision, "pos_emb_height", "init_pos_emb_height", 64),
                                             either(vision, "pos_emb_width", "init_pos_emb_width", 64), hidden});
  if (kind.times)
    ends.buffer("patch_embed.pos_emb.time_weight", {either(vision, "pos_emb_time", "init_pos_emb_time", 4), 1, hidden},
                kept_as_created(builder, quantised) ? Dtype::kFloat32 : builder.dtype());
  add_norm(ends, "encoder.final_layernorm", hidden, rms);
  add_tower_part(builder, tower, std::move(ends));
  const std::string depth = vision.has("num_hidden_layers") ? "num_hidden_layers" : "vt_num_hidden_layers";
  add_blocks(builder, tower, tower_layers(vision, depth, 27),
             {hidden, intermediate, heads, attention, rms, attends, linears});

  const std::int64_t merged = hidden * merged_patches(vision);
  const bool second = vision.text_or("mm_projector_type", "patchmerger") == "patchmergerv2";
  Block projector = builder.block("mm_projector");
  if (!second) projector.layer_norm("pre_norm", hidden);
  projector.replicated("linear_1", merged, {merged}, {.bias = !second, .quantised = quantised});
  projector.replicated("linear_2", merged, {out}, {.bias = !second, .quantised = quantised});
  if (second) projector.rms_norm("post_norm", out);
  add_tower_part(builder, tower, std::move(projector));
}

}  // namespace vram::arch
