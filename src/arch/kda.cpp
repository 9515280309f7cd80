#include "arch/kda.h"

namespace vram::arch {
namespace {

using Split = Columns::Split;

constexpr std::string_view kFusedShards[] = {"q_proj", "k_proj", "v_proj", "b_proj", "f_a_proj"};

/// All projections of the hidden state but the gate's, and all convolutions, as one.
constexpr vllm::Step<bool> kFused[] = {
    {{}, false, "vllm v0.26.0 vllm/model_executor/layers/kda.py, KimiDeltaAttention"},
    {{2026, 7, 26}, true, "~ vllm v0.27.0 vllm/model_executor/layers/mamba/gdn/kimi_gdn_linear_attn.py"},
};
static_assert(vllm::well_formed(kFused));

/// With a full-rank gate a rank's rows of the projection are padded for the aligned kernels.
constexpr std::int64_t kAlignedRows = 16;

void separate_projections(Block& layer, const std::string& name, std::int64_t hidden, const Kda& kda) {
  const std::int64_t width = kda.width();
  layer.column(name + ".q_proj", hidden, {width});
  layer.column(name + ".k_proj", hidden, {width});
  layer.column(name + ".v_proj", hidden, {width});
  layer.replicated(name + ".f_a_proj", hidden, {kda.head_width});
  layer.column(name + ".b_proj", hidden, {kda.heads});
  const LinearOptions convolution{.quantised = false, .dtype = Dtype::kFloat32};
  layer.column(name + ".q_conv1d", kda.kernel, {width}, convolution);
  layer.column(name + ".k_conv1d", kda.kernel, {width}, convolution);
  layer.column(name + ".v_conv1d", kda.kernel, {width}, convolution);
}

void fused_projections(Block& layer, const std::string& name, std::int64_t hidden, const Kda& kda) {
  const std::int64_t width = kda.width();
  const Columns each{width, 1, Split::kDivided}, heads{kda.heads, 1, Split::kDivided};
  const Columns narrow{kda.head_width, 1, Split::kWhole};
  if (kda.full_rank_gate)
    layer.linear(name + ".in_proj_qkvgfab", hidden, {each, each, each, each, narrow, heads}, Linear::Input::kWhole,
                 {.shards = kFusedShards, .aligned_rows = kAlignedRows});
  else
    layer.linear(name + ".in_proj_qkvgfab", hidden, {each, each, each, heads, narrow}, Linear::Input::kWhole,
                 {.shards = kFusedShards});
  layer.column(name + ".conv1d", kda.kernel, {3 * width}, {.quantised = false, .dtype = Dtype::kFloat32});
}

/// Copies of the convolution's and the norm's weights that the fused decoding kernel reads, where it runs.
void decoding_buffers(Block& layer, const std::string& name, const Kda& kda) {
  const BuildOptions& options = layer.builder().options();
  const int family = options.capability / 10;
  const bool runs = (options.capability == 90 || family == 10 || family == 12) && options.dtype == Dtype::kBfloat16 &&
                    kda.head_width == 128 && kda.kernel == 4 && options.speculative_tokens == 0;
  if (!runs) return;
  const OnlyForShares takes{kda.heads, {12, 24, 48, 96}};
  layer.divided(name + ".decode_conv1d_weight", {{kda.heads, kda.head_width}}, {3, kda.kernel}, Dtype::kFloat32)
      .as_buffer(takes);
  layer.tensor(name + ".decode_norm_weight", {kda.head_width}, Dtype::kFloat32).as_buffer(takes);
}

}  // namespace

KdaState Kda::state() const {
  KdaState state;
  state.heads = heads;
  state.head_width = head_width;
  state.kernel = kernel;
  state.implementation = implementation;
  state.bounded_gate = bounded_gate;
  return state;
}

Kda read_kda(const json::Fields& config) {
  const json::Fields linear = config.inner("linear_attn_config");
  Kda kda;
  kda.heads = linear.count("num_heads");
  kda.head_width = linear.count("head_dim");
  kda.kernel = linear.count("short_conv_kernel_size");
  kda.full_rank_gate = linear.flag_or("use_full_rank_gate", false);
  kda.bounded_gate = linear.has("gate_lower_bound");
  if (kda.full_rank_gate) kda.implementation = KdaState::Class::kKimiK3;
  return kda;
}

void kda_attention(Block& layer, const std::string& name, std::int64_t hidden, const Kda& kda) {
  const Columns heads{kda.heads, 1, Split::kDivided};
  if (kda.full_rank_gate || vllm::in_force(kFused, layer.builder().options().as_of))
    fused_projections(layer, name, hidden, kda);
  else
    separate_projections(layer, name, hidden, kda);
  layer.column(name + ".f_b_proj", kda.head_width, {kda.width()});
  layer.divided(name + ".dt_bias", {{kda.width(), 1, Split::kDivided}}, {}, Dtype::kFloat32);
  layer.divided(name + ".A_log", {heads}, {}, Dtype::kFloat32);
  if (!kda.full_rank_gate) {
    layer.replicated(name + ".g_a_proj", hidden, {kda.head_width});
    layer.column(name + ".g_b_proj", kda.head_width, {kda.width()});
  } else {
    decoding_buffers(layer, name, kda);
  }
  layer.rms_norm(name + ".o_norm", kda.head_width);
  layer.row(name + ".o_proj", kda.width(), hidden);
  layer.cache(name, kda.state());
}

}  // namespace vram::arch
