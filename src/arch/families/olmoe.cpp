// OLMoE: norms over all queries and all keys, experts in place of every MLP.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"OlmoeForCausalLM"};

/// source  transformers' OlmoeConfig
constexpr Decoder kAbsent{2048, 2048, 50304, 16, 4096, {16, 0, 0}, false};

/// source  vllm/model_executor/models/olmoe.py, OlmoeForCausalLM: never tied
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = false;
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  const QkvHeads& heads = decoder.heads;
  SelfAttention attention;
  attention.rotary = rotary_table(builder, {.head_width = heads.width, .positions = decoder.positions});
  attention.cache = attention_cache(builder, heads, layer_windows(builder, decoder, {.per_layer = false}).of(0));
  const std::int64_t experts = config.count_or("num_experts", config.count_or("num_local_experts", 64));

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    self_attention(layer, decoder, attention);
    layer.rms_norm("self_attn.q_norm", heads.query * heads.width);
    layer.rms_norm("self_attn.k_norm", heads.kv * heads.width);
    layer.replicated("mlp.gate", decoder.hidden, {experts}, {.quantised = false});
    layer.experts({.name = "mlp.experts",
                   .count = experts,
                   .per_token = config.count_or("num_experts_per_tok", 8),
                   .hidden = decoder.hidden,
                   .intermediate = decoder.intermediate});
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry olmoe;
const Entry olmoe{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
