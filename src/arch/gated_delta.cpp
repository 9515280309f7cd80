#include "arch/gated_delta.h"

namespace vram::arch {
namespace {

constexpr std::string_view kStateShards[] = {"in_proj_qkv", "in_proj_z"};
constexpr std::string_view kGateShards[] = {"in_proj_b", "in_proj_a"};

/// Gates in a projection of their own, since they are too narrow for blocks of FP8.
constexpr vllm::Step<bool> kSplitGates[] = {
    {{}, false, "vllm v0.10.2 vllm/model_executor/models/qwen3_next.py, Qwen3NextGatedDeltaNet"},
    {{2025, 9, 18}, true, "https://github.com/vllm-project/vllm/pull/25079"},
};
static_assert(vllm::well_formed(kSplitGates));

/// Whether the decay is kept in float32 whatever the model's dtype.
constexpr vllm::Step<bool> kFloatDecay[] = {
    {{}, true, "vllm v0.10.2 vllm/model_executor/models/qwen3_next.py, A_log"},
    {{2025, 10, 15}, false, "~ vllm v0.14.1 vllm/model_executor/models/qwen3_next.py, A_log"},
    {{2026, 3, 24}, true, "~https://github.com/vllm-project/vllm/pull/37810"},
};
static_assert(vllm::well_formed(kFloatDecay));

void projections(Block& layer, const std::string& name, std::int64_t hidden, const GatedDelta& widths,
                 GatedDeltaLayout layout) {
  const std::int64_t key = widths.key(), value = widths.value(), gates = widths.value_heads;
  if (!vllm::in_force(kSplitGates, layer.builder().options().as_of)) {
    layer.column(name + ".in_proj", hidden, {2 * (key + value), 2 * gates});
    return;
  }
  switch (layout) {
    case GatedDeltaLayout::kInterleaved:
      layer.column(name + ".in_proj_qkvz", hidden, {2 * (key + value)});
      layer.column(name + ".in_proj_ba", hidden, {2 * gates});
      break;
    case GatedDeltaLayout::kSeparate:
      layer.column(name + ".in_proj_qkvz", hidden, {key, key, value, value}, {.shards = kStateShards});
      layer.column(name + ".in_proj_ba", hidden, {gates, gates}, {.shards = kGateShards});
      break;
  }
}

}  // namespace

GatedDeltaState GatedDelta::state() const {
  GatedDeltaState state;
  state.key_heads = key_heads;
  state.value_heads = value_heads;
  state.key_width = key_width;
  state.value_width = value_width;
  state.kernel = kernel;
  return state;
}

GatedDelta gated_delta(const json::Fields& config, const GatedDelta& absent) {
  GatedDelta widths;
  widths.key_heads = config.count_or("linear_num_key_heads", absent.key_heads, 1);
  widths.value_heads = config.count_or("linear_num_value_heads", absent.value_heads, 1);
  widths.key_width = config.count_or("linear_key_head_dim", absent.key_width, 1);
  widths.value_width = config.count_or("linear_value_head_dim", absent.value_width, 1);
  widths.kernel = config.count_or("linear_conv_kernel_dim", absent.kernel, 1);
  return widths;
}

void gated_delta_net(Block& layer, const std::string& name, std::int64_t hidden, const GatedDelta& widths,
                     GatedDeltaLayout layout, std::optional<Dtype> state_dtype) {
  layer.column(name + ".conv1d", widths.kernel, {2 * widths.key() + widths.value()}, {.quantised = false});
  projections(layer, name, hidden, widths, layout);
  const bool is_float = vllm::in_force(kFloatDecay, layer.builder().options().as_of);
  const std::vector<Columns> heads{{widths.value_heads, 1, Columns::Split::kDivided}};
  layer.divided(name + ".dt_bias", heads);
  layer.divided(name + ".A_log", heads, {}, is_float ? std::optional(Dtype::kFloat32) : std::nullopt);
  layer.rms_norm(name + ".norm", widths.value_width);
  layer.row(name + ".out_proj", widths.value(), hidden);
  GatedDeltaState state = widths.state();
  state.state_dtype = state_dtype;
  layer.cache(name, state);
}

}  // namespace vram::arch
