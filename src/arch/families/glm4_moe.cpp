// GLM-4.5 to 4.7: grouped-query attention with half-width rotary positions, experts beside shared experts.
#include "arch/families/glm4_moe.h"

#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Glm4MoeForCausalLM"};

/// source  transformers' Glm4MoeConfig
constexpr Decoder kAbsent{4096, 10944, 151552, 46, 131072, {96, 8, 0}, false};

/// source  vllm/model_executor/models/glm4_moe.py, Glm4MoeForCausalLM: never tied
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = false;
  const double partial = rope_parameters(config)
                             .maybe_number("partial_rotary_factor")
                             .value_or(config.maybe_number("partial_rotary_factor").value_or(0.5));
  SelfAttention attention{.bias = config.flag_or("attention_bias", false)};
  attention.rotary =
      rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions, .partial = partial});
  attention.cache =
      attention_cache(builder, decoder.heads, layer_windows(builder, decoder, {.per_layer = false}).of(0));
  if (config.flag_or("use_qk_norm", false)) attention.head_norm = decoder.heads.width;
  const std::int64_t first = config.count_or("first_k_dense_replace", 1);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    self_attention(layer, decoder, attention);
    if (i >= first)
      add_glm4_experts(layer, "mlp", config, decoder.hidden);
    else
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

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
