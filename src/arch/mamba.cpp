#include "arch/mamba.h"

namespace vram::arch {
namespace {

using Split = Columns::Split;

/// A second name for the convolution's weight, which vLLM lists among the buffers.
constexpr vllm::Step<bool> kConvolutionTwice[] = {
    {{}, false, "vllm v0.11.2 vllm/model_executor/layers/mamba/mamba_mixer2.py"},
    {{2025, 11, 20}, true, "~ vllm v0.12.0 vllm/model_executor/layers/mamba/mamba_mixer2.py, conv_weights"},
};
/// Offsets of the states of drafted tokens.
constexpr vllm::Step<bool> kStateOffsets[] = {
    {{}, false, "vllm v0.21.0 vllm/model_executor/layers/mamba/mamba_mixer2.py"},
    {{2026, 5, 17}, true, "~ vllm v0.22.0 vllm/model_executor/layers/mamba/mamba_mixer2.py, _decode_state_offsets"},
    {{2026, 10, 10}, false, "~ vllm v0.32.0 vllm/model_executor/layers/mamba/mamba_mixer2.py"},
};
static_assert(vllm::well_formed(kConvolutionTwice) && vllm::well_formed(kStateOffsets));

}  // namespace

void mamba1_mixer(Block& layer, const std::string& name, std::int64_t hidden, const Mamba1& mamba) {
  const LinearOptions plain{.quantised = false};
  const std::int64_t inner = mamba.intermediate;
  layer.column(name + ".conv1d", mamba.kernel, {inner}, {.bias = mamba.conv_bias, .quantised = false});
  layer.column(name + ".in_proj", hidden, {inner, inner}, {.bias = mamba.bias, .quantised = false});
  layer.row(name + ".x_proj", inner, mamba.time_step_rank + 2 * mamba.state, plain);
  layer.column(name + ".dt_proj", mamba.time_step_rank, {inner}, {.bias = true, .quantised = false});
  layer.divided(name + ".A", {{inner, 1, Split::kDivided}}, {mamba.state}, Dtype::kFloat32);
  layer.divided(name + ".D", {{inner, 1, Split::kDivided}});
  layer.row(name + ".out_proj", inner, hidden, {.bias = mamba.bias, .quantised = false});
  if (mamba.norms) {
    layer.rms_norm(name + ".dt_layernorm", mamba.time_step_rank);
    layer.rms_norm(name + ".b_layernorm", mamba.state);
    layer.rms_norm(name + ".c_layernorm", mamba.state);
  }
  layer.cache(name, Mamba1State{inner, mamba.state, mamba.kernel});
}

void mamba2_mixer(Block& layer, const std::string& name, std::int64_t hidden, const Mamba2& mamba) {
  const BuildOptions& options = layer.builder().options();
  const Columns inner{mamba.intermediate, 1, Split::kDivided};
  const Columns group{mamba.groups, mamba.state, Split::kReplicated};
  const Columns heads{mamba.heads, 1, Split::kDivided};
  layer.linear(name + ".conv1d", mamba.kernel, {inner, group, group}, Linear::Input::kWhole,
               {.bias = mamba.conv_bias, .quantised = false});
  layer.linear(name + ".in_proj", hidden, {inner, inner, group, group, heads}, Linear::Input::kWhole,
               {.bias = mamba.bias});
  if (vllm::in_force(kConvolutionTwice, options.as_of))
    layer.divided(name + ".conv_weights", {inner, group, group}, {mamba.kernel}).as_view();
  layer.divided(name + ".A", {heads}, {}, Dtype::kFloat32);
  layer.divided(name + ".D", {heads});
  layer.divided(name + ".dt_bias", {heads});
  layer.row(name + ".out_proj", mamba.intermediate, hidden, {.bias = mamba.bias});
  if (mamba.norm) layer.divided(name + ".norm.weight", {inner});
  if (options.speculative_tokens > 0 && vllm::in_force(kStateOffsets, options.as_of))
    layer.buffer(name + "._decode_state_offsets", {1, 1 + options.speculative_tokens}, Dtype::kInt32);

  Mamba2State state;
  state.intermediate = mamba.intermediate;
  state.groups = mamba.groups;
  state.heads = mamba.heads;
  state.head_width = mamba.head_width;
  state.state = mamba.state;
  state.kernel = mamba.kernel;
  state.chunk = mamba.chunk;
  state.state_dtype = mamba.state_dtype;
  layer.cache(name, state);
}

Mamba2 mamba2_figures(const json::Fields& config, std::int64_t hidden, std::int64_t intermediate) {
  Mamba2 mamba;
  mamba.intermediate = intermediate > 0 ? intermediate : config.count_or("mamba_expand", 2, 1) * hidden;
  mamba.groups = config.count_or("mamba_n_groups", 1, 1);
  mamba.heads = config.count_or("mamba_n_heads", 128, 1);
  const json::Value* width = config.find("mamba_d_head");
  const bool given = width && !width->string();  // else "auto"
  mamba.head_width = given ? config.count("mamba_d_head") : mamba.intermediate / mamba.heads;
  mamba.state = config.count_or("mamba_d_state", 256, 1);
  mamba.kernel = config.count_or("mamba_d_conv", 4, 1);
  mamba.conv_bias = config.flag_or("mamba_conv_bias", true);
  mamba.bias = config.flag_or("mamba_proj_bias", false);
  mamba.chunk = mamba_chunk(config, 256);
  return mamba;
}

std::int64_t mamba_chunk(const json::Fields& config, std::int64_t absent) {
  return config.count_or("mamba_chunk_size", config.count_or("chunk_size", absent, 1), 1);
}

}  // namespace vram::arch
