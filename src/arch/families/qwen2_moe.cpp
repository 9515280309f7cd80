// Qwen2-MoE: Qwen2 with experts and one gated shared expert in place of most MLPs.
#include <algorithm>

#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Qwen2MoeForCausalLM"};

/// source  transformers' Qwen2MoeConfig
constexpr Decoder kAbsent{2048, 5632, 151936, 24, 32768, {16, 16, 0}, false};

/// source  vllm/model_executor/models/qwen2_moe.py, Qwen2MoeSparseMoeBlock
void add_experts(Block& layer, const json::Fields& config, std::int64_t hidden, std::int64_t experts) {
  layer.replicated("mlp.gate", hidden, {experts}, {.quantised = false});
  layer.replicated("mlp.shared_expert_gate", hidden, {1}, {.quantised = false});
  if (const std::int64_t shared = config.count_or("shared_expert_intermediate_size", 5632); shared > 0)
    gated_mlp(layer, "mlp.shared_expert", hidden, shared);
  layer.experts({.name = "mlp.experts",
                 .count = experts,
                 .per_token = config.count_or("num_experts_per_tok", 4),
                 .hidden = hidden,
                 .intermediate = config.count_or("moe_intermediate_size", 1408)});
}

/// source  vllm/model_executor/models/qwen2_moe.py, Qwen2MoeForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;  // the class reads no head_dim
  const LayerWindows windows = layer_windows(
      builder, decoder, {.used = config.flag_or("use_sliding_window", false), .window = 4096, .per_layer = false});
  SelfAttention attention{.bias = true};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  const std::int64_t experts = config.count_or("num_experts", 60);
  const std::int64_t sparse_step = config.count_or("decoder_sparse_step", 1, 1);
  const std::vector<std::int64_t> dense_layers = config.counts("mlp_only_layers");

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    attention.cache = attention_cache(builder, decoder.heads, windows.of(i));
    self_attention(layer, decoder, attention);
    const bool dense = std::find(dense_layers.begin(), dense_layers.end(), i) != dense_layers.end();
    if (!dense && experts > 0 && (i + 1) % sparse_step == 0)
      add_experts(layer, config, decoder.hidden, experts);
    else
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry qwen2_moe;
const Entry qwen2_moe{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
