#include "arch/vision/qwen3_vision.h"

#include <cmath>

#include "arch/vision/tower.h"

namespace vram::arch {
namespace {

/// Rows of the table for text, images and video; positions never exceed the tokens unless video is pruned.
constexpr vllm::Step<std::int64_t> kMropeFactor[] = {
    {{}, 4, "vllm v0.17.0 vllm/model_executor/layers/rotary_embedding/mrope.py"},
    {{2026, 10, 10}, 1, "~ vllm v0.32.0 vllm/model_executor/models/qwen3_vl.py, mrope_positions_factor"},
};
static_assert(vllm::well_formed(kMropeFactor));

struct Widths {
  std::int64_t hidden = 0, intermediate = 0, heads = 0;
  std::int64_t merged = 0;  // channels of the patches that are merged into one
  std::int64_t out = 0;     // the language model's
};

/// Names of a merger's layers.
struct Merger {
  const char *norm, *first, *second;
};
constexpr Merger kMerger{".norm", ".linear_fc1", ".linear_fc2"}, kOmniMerger{".ln_q", ".mlp.0", ".mlp.2"};

void add_merger(Block& block, const std::string& name, const Widths& widths, std::int64_t norm, const Merger& names) {
  block.layer_norm(name + names.norm, norm);
  block.column(name + names.first, widths.merged, {widths.merged}, {.bias = true});
  block.row(name + names.second, widths.merged, widths.out, {.bias = true});
}

void add_block(Block& layer, const Widths& widths) {
  layer.layer_norm("norm1", widths.hidden);
  layer.layer_norm("norm2", widths.hidden);
  const std::int64_t head = widths.hidden / widths.heads;
  layer.qkv("attn.qkv", widths.hidden, {widths.heads, widths.heads, head}, {.bias = true});
  layer.row("attn.proj", widths.hidden, widths.hidden, {.bias = true});
  layer.column("mlp.linear_fc1", widths.hidden, {widths.intermediate}, {.bias = true});
  layer.row("mlp.linear_fc2", widths.intermediate, widths.hidden, {.bias = true});
}

struct Mergers {
  Merger names;
  std::string_view deep;    // of those for inner layers
  std::int64_t absent = 0;  // of those that the config class has
};

void add_vision(Builder& builder, const std::string& prefix, const json::Fields& vision, std::int64_t positions,
                const Mergers& mergers) {
  Widths widths;
  widths.hidden = vision.count_or("hidden_size", 1152, 1);
  widths.intermediate = vision.count_or("intermediate_size", 4304, 1);
  widths.heads = vision.count_or("num_heads", 16, 1);
  widths.out = vision.count_or("out_hidden_size", 3584, 1);
  const std::int64_t merge = vision.count_or("spatial_merge_size", 2, 1);
  widths.merged = widths.hidden * merge * merge;
  const std::int64_t patch = vision.count_or("patch_size", 16, 1),
                     frames = vision.count_or("temporal_patch_size", 2, 1);
  const std::int64_t deep = vision.has("deepstack_visual_indexes")
                                ? std::int64_t(vision.counts("deepstack_visual_indexes").size())
                                : mergers.absent;

  Block ends = builder.block(prefix);
  ends.tensor("patch_embed.proj.weight", {widths.hidden, vision.count_or("in_channels", 3, 1), frames, patch, patch});
  ends.tensor("patch_embed.proj.bias", {widths.hidden});
  ends.tensor("pos_embed.weight", {positions, widths.hidden});
  const Rope rope{.head_width = widths.hidden / widths.heads, .positions = 8192, .partial = 0.5};
  RotaryTable table = rotary_table(builder, rope, builder.config().inner("vision_config").inner("none"));
  table.name = "rotary_pos_emb.cos_sin_cache";
  ends.rotary(table);
  add_merger(ends, "merger", widths, widths.hidden, mergers.names);
  for (std::int64_t i = 0; i < deep; ++i)
    add_merger(ends, std::string(mergers.deep) + std::to_string(i), widths, widths.merged, mergers.names);
  const Tower tower{.whole_with_data = true, .skipped_early = true};
  add_tower_part(builder, tower, std::move(ends));
  add_tower_layers(builder, tower, prefix + ".blocks", tower_layers(vision, "depth", 27),
                   [&](Block& layer, std::int64_t) { add_block(layer, widths); });
}

}  // namespace

std::int64_t qwen3_mrope_factor(const Builder& builder) {
  return vllm::in_force(kMropeFactor, builder.options().as_of);
}

void add_qwen3_vision(Builder& builder, const std::string& prefix, std::int64_t absent_deepstack) {
  const json::Fields vision = builder.config().inner("vision_config");
  add_vision(builder, prefix, vision, vision.count_or("num_position_embeddings", 2304, 1),
             {kMerger, "deepstack_merger_list.", absent_deepstack});
}

void add_qwen3_omni_vision(Builder& builder, const std::string& prefix, const json::Fields& vision) {
  const std::int64_t side = vision.count_or("image_size", 768, 1) / vision.count_or("patch_size", 16, 1);
  add_vision(builder, prefix, vision, side * side, {kOmniMerger, "merger_list.", 3});
}

}  // namespace vram::arch
