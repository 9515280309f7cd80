// Qwen3-Next: gated delta nets with a layer of gated full attention in every fourth place, and experts beside a shared
// one in place of most MLPs.
#include "arch/families/qwen3_next.h"

#include <algorithm>

#include "arch/layer_kinds.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Qwen3NextForCausalLM"};

/// source  transformers' Qwen3NextConfig
constexpr Decoder kAbsent{2048, 5632, 151936, 48, 32768, {16, 2, 256}, false};
constexpr GatedDelta kAbsentDelta{16, 32, 128, 128, 4};
constexpr SharedExperts kAbsentExperts{512, 10, 512, 512};

constexpr vllm::Step<bool> kQuantisedGate[] = {
    {{}, true, "vllm v0.14.1 vllm/model_executor/models/qwen3_next.py, Qwen3NextSparseMoeBlock"},
    {{2026, 2, 20}, false, "~ vllm v0.19.0 vllm/model_executor/models/qwen3_next.py"},
};
static_assert(vllm::well_formed(kQuantisedGate));

/// Where tokens are dealt out around the experts, every rank needs the whole shared expert.
constexpr vllm::Step<bool> kSharedFollowsTokens[] = {
    {{}, false, "vllm v0.19.0 vllm/model_executor/models/qwen3_next.py, shared_expert"},
    {{2026, 4, 10}, true, "~https://github.com/vllm-project/vllm/pull/39181"},
};
static_assert(vllm::well_formed(kSharedFollowsTokens));

/// source  vllm/model_executor/models/qwen3_next.py, Qwen3NextForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const Qwen3Next text = read_qwen3_next(builder);
  const Decoder& decoder = text.decoder;
  const std::vector<std::string> kinds = layer_kinds(builder.text(), "layer_types", decoder.layers,
                                                     every(builder.text().count_or("full_attention_interval", 4, 1),
                                                           decoder.layers, "full_attention", "linear_attention"),
                                                     {"linear_attention", "full_attention"});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.embedding_on_every_stage = true, .head_on_every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    add_qwen3_next_layer(layer, text, i, kinds[std::size_t(i)] == "linear_attention");
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.recurrent = true;
}

}  // namespace

Qwen3Next read_qwen3_next(const Builder& builder) {
  const json::Fields& config = builder.text();
  Qwen3Next text;
  text.decoder = read_decoder(builder, kAbsent);
  text.decoder.tied = false;  // the class never ties
  text.rotary = quarter_rotary_table(builder, text.decoder);
  text.delta = gated_delta(config, kAbsentDelta);
  text.experts = shared_experts(config, kAbsentExperts);
  text.sparse_step = config.count_or("decoder_sparse_step", 1, 1);
  text.dense_layers = config.counts("mlp_only_layers");
  return text;
}

void add_qwen3_next_layer(Block& layer, const Qwen3Next& text, std::int64_t i, bool recurrent) {
  const std::int64_t hidden = text.decoder.hidden;
  if (recurrent)
    gated_delta_net(layer, "linear_attn", hidden, text.delta, GatedDeltaLayout::kInterleaved);
  else
    add_gated_attention(layer, text.decoder, text.rotary);
  const bool dense = std::find(text.dense_layers.begin(), text.dense_layers.end(), i) != text.dense_layers.end();
  if (!dense && text.experts.count > 0 && (i + 1) % text.sparse_step == 0)
    add_shared_experts(layer, text.experts, hidden);
  else
    gated_mlp(layer, "mlp", hidden, text.decoder.intermediate);
  add_layer_norms(layer, hidden);
}

void add_gated_attention(Block& layer, const Decoder& decoder, const RotaryTable& rotary) {
  const Builder& builder = layer.builder();
  SelfAttention attention{.bias = builder.text().flag_or("qkv_bias", false)};
  attention.gated = builder.text().flag_or("attn_output_gate", true);
  attention.rotary = rotary;
  attention.cache = attention_cache(builder, decoder.heads);
  attention.head_norm = decoder.heads.width;
  self_attention(layer, decoder, attention);
}

SharedExperts shared_experts(const json::Fields& config, const SharedExperts& absent) {
  SharedExperts experts;
  experts.count = config.count_or("num_experts", absent.count);
  experts.per_token = config.count_or("num_experts_per_tok", absent.per_token);
  experts.intermediate = config.count_or("moe_intermediate_size", absent.intermediate, 1);
  experts.shared = config.count_or("shared_expert_intermediate_size", absent.shared);
  return experts;
}

void add_shared_experts(Block& layer, const SharedExperts& experts, std::int64_t hidden) {
  const vllm::Date day = layer.builder().options().as_of;
  layer.replicated("mlp.gate", hidden, {experts.count}, {.quantised = vllm::in_force(kQuantisedGate, day)});
  layer.replicated("mlp.shared_expert_gate", hidden, {1}, {.quantised = false});
  if (experts.shared > 0)
    gated_mlp(layer, "mlp.shared_expert", hidden, experts.shared,
              {.tokens = vllm::in_force(kSharedFollowsTokens, day) ? TokenSplit::kWhole : TokenSplit::kIgnored});
  layer.experts({.name = "mlp.experts",
                 .count = experts.count,
                 .per_token = experts.per_token,
                 .hidden = hidden,
                 .intermediate = experts.intermediate});
}

void add_layer_norms(Block& layer, std::int64_t hidden) {
  layer.rms_norm("input_layernorm", hidden);
  layer.rms_norm("post_attention_layernorm", hidden);
  if (!layer.builder().text().flag_or("layer_scale", false)) return;
  layer.tensor("attn_layer_scale", {1, 1, hidden});
  layer.tensor("ffn_layer_scale", {1, 1, hidden});
}

RotaryTable quarter_rotary_table(const Builder& builder, const Decoder& decoder, std::int64_t mrope_factor) {
  const json::Fields& config = builder.text();
  Rope rope{.head_width = decoder.heads.width, .positions = decoder.positions, .mrope_factor = mrope_factor};
  if (!config.has("partial_rotary_factor") && !rope_parameters(config).has("partial_rotary_factor"))
    rope.partial = 0.25;
  return rotary_table(builder, rope);
}

extern const Entry qwen3_next;
const Entry qwen3_next{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
