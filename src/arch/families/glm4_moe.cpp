// GLM-4.5 to 4.7: grouped-query attention with half-width rotary positions, experts beside shared experts.
#include "arch/families/glm4_moe.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Glm4MoeForCausalLM"};

/// source  transformers' Glm4MoeConfig
constexpr Decoder kAbsent{4096, 10944, 151552, 46, 131072, {96, 8, 0}, false};

/// source  vllm/model_executor/models/glm4_moe.py, Glm4MoeForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const Glm4Stack stack = read_glm4(builder);
  const std::string model = naming.under("model");
  add_ends(builder, stack.decoder, model, naming);
  add_layers(builder, stack.decoder, model + ".layers",
             [&](Block& layer, std::int64_t i) { add_glm4_layer(layer, stack, i); });
  describe_model(builder, stack.decoder, model + ".layers");
}

}  // namespace

Glm4Stack read_glm4(const Builder& builder) {
  const json::Fields& config = builder.text();
  Glm4Stack stack{read_decoder(builder, kAbsent), {.bias = config.flag_or("attention_bias", false)}};
  Decoder& decoder = stack.decoder;
  decoder.tied = false;  // the class never ties
  const double partial = rope_parameters(config)
                             .maybe_number("partial_rotary_factor")
                             .value_or(config.maybe_number("partial_rotary_factor").value_or(0.5));
  stack.attention.rotary =
      rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions, .partial = partial});
  stack.attention.cache =
      attention_cache(builder, decoder.heads, layer_windows(builder, decoder, {.per_layer = false}).of(0));
  if (config.flag_or("use_qk_norm", false)) stack.attention.head_norm = decoder.heads.width;
  return stack;
}

void add_glm4_layer(Block& layer, const Glm4Stack& stack, std::int64_t i) {
  const json::Fields& config = layer.builder().text();
  self_attention(layer, stack.decoder, stack.attention);
  if (i >= config.count_or("first_k_dense_replace", 1))
    add_glm4_experts(layer, "mlp", config, stack.decoder.hidden);
  else
    gated_mlp(layer, "mlp", stack.decoder.hidden, stack.decoder.intermediate);
  layer.rms_norm("input_layernorm", stack.decoder.hidden);
  layer.rms_norm("post_attention_layernorm", stack.decoder.hidden);
}

void add_glm4_experts(Block& layer, const std::string& name, const json::Fields& config, std::int64_t hidden) {
  const std::int64_t experts = config.count_or("n_routed_experts", config.count_or("num_local_experts", 128));
  const std::int64_t intermediate = config.count_or("moe_intermediate_size", 1408);
  layer.replicated(name + ".gate", hidden, {experts}, {.quantised = false, .dtype = Dtype::kFloat32});
  layer.tensor(name + ".gate.e_score_correction_bias", {experts}, Dtype::kFloat32);
  if (const std::int64_t shared = config.count_or("n_shared_experts", 1); shared > 0)
    gated_mlp(layer, name + ".shared_experts", hidden, intermediate * shared);
  layer.experts({.name = name + ".experts",
                 .count = experts,
                 .per_token = config.count_or("num_experts_per_tok", 8),
                 .hidden = hidden,
                 .intermediate = intermediate});
}

extern const Entry glm4_moe;
const Entry glm4_moe{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
