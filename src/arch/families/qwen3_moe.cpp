// Qwen3-MoE: grouped-query attention with norms on queries and keys, and experts in place of most MLPs.
#include <algorithm>

#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Qwen3MoeForCausalLM"};

/// source  transformers' Qwen3MoeConfig
constexpr Decoder kAbsent{2048, 6144, 151936, 24, 32768, {32, 4, 0}, false};

enum class GateIs { kNotQuantised, kQuantisedUnlessGptq, kQuantised };
constexpr vllm::Step<GateIs> kQuantisedGate[] = {
    {{}, GateIs::kNotQuantised, "vllm v0.9.2 vllm/model_executor/models/qwen3_moe.py, Qwen3MoeSparseMoeBlock"},
    {{2025, 8, 17}, GateIs::kQuantisedUnlessGptq, "~ absent in v0.10.1, in v0.10.2 qwen3_moe.py"},
    {{2025, 9, 30}, GateIs::kQuantised, "~vllm v0.11.0 qwen3_moe.py; _maybe_ignore_quant_config in v0.10.2"},
};
static_assert(vllm::well_formed(kQuantisedGate));

constexpr vllm::Step<bool> kSharedExpert[] = {
    {{}, false, "vllm v0.14.1 vllm/model_executor/models/qwen3_moe.py, Qwen3MoeSparseMoeBlock"},
    {{2026, 1, 15}, true, "~ absent in v0.14.1, in v0.15.0 vllm/model_executor/models/qwen3_moe.py"},
};
static_assert(vllm::well_formed(kSharedExpert));

/// source  vllm/model_executor/models/qwen3_moe.py, Qwen3MoeSparseMoeBlock
void add_experts(Block& layer, const json::Fields& config, std::int64_t hidden, std::int64_t experts) {
  const vllm::Date day = layer.builder().options().as_of;
  const GateIs gate = vllm::in_force(kQuantisedGate, day);
  const bool gptq = layer.builder().quantisation().method().starts_with("gptq");
  layer.replicated("mlp.gate", hidden, {experts},
                   {.quantised = gate == GateIs::kQuantised || (gate == GateIs::kQuantisedUnlessGptq && !gptq)});
  const std::int64_t shared = config.count_or("shared_expert_intermediate_size", 0);
  if (shared > 0 && vllm::in_force(kSharedExpert, day)) {
    layer.replicated("mlp.shared_expert_gate", hidden, {1}, {.quantised = false});
    gated_mlp(layer, "mlp.shared_expert", hidden, shared);
  }
  layer.experts({.name = "mlp.experts",
                 .count = experts,
                 .per_token = config.count_or("num_experts_per_tok", 8),
                 .hidden = hidden,
                 .intermediate = config.count_or("moe_intermediate_size", 768)});
}

/// source  vllm/model_executor/models/qwen3_moe.py, Qwen3MoeForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  const LayerWindows windows = layer_windows(
      builder, decoder, {.used = config.flag_or("use_sliding_window", false), .window = 4096, .per_layer = false});
  SelfAttention attention{.bias = config.flag_or("attention_bias", false)};
  attention.rotary = rotary_table(
      builder,
      {.head_width = decoder.heads.width, .positions = decoder.positions, .mrope_factor = naming.mrope_factor});
  attention.head_norm = decoder.heads.width;
  const std::int64_t experts = config.count_or("num_experts", config.count_or("num_local_experts", 128));
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

extern const Entry qwen3_moe;
const Entry qwen3_moe{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
