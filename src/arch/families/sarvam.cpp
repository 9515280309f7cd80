// Sarvam-105B: DeepSeek's latent projections, whose rows of queries, keys and values stay apart, beside Ling's experts.
#include "arch/decoder.h"
#include "arch/latent.h"
#include "arch/routed_experts.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"SarvamMLAForCausalLM"};

/// The gate's weights were of the router's dtype until the layer took that for its results only.
constexpr vllm::Step<bool> kRouterWeights[] = {
    {{}, true, "vllm v0.28.0 vllm/model_executor/models/sarvam.py, SarvamMLAMoE"},
    {{2026, 8, 19}, false, "~ vllm v0.33.0 vllm/model_executor/models/sarvam.py"},
};
static_assert(vllm::well_formed(kRouterWeights));

/// source  vllm/model_executor/models/sarvam.py, SarvamMLAMoE
RoutedExperts read_experts(const Builder& builder) {
  const json::Fields& config = builder.text();
  RoutedExperts experts;
  experts.count = config.count_or("num_experts", 0);
  experts.per_token = config.count_or("num_experts_per_tok", 1);
  if (experts.count == 0) return experts;
  experts.intermediate = config.count("moe_intermediate_size");
  experts.shared_intermediate = config.count_or("moe_shared_expert_intermediate_size", experts.intermediate) *
                                config.count_or("num_shared_experts", 1);
  if (config.flag_or("moe_router_enable_expert_bias", true)) experts.choice_bias = "gate.e_score_correction_bias";
  const bool model_dtype = config.is_null("router_dtype") || !vllm::in_force(kRouterWeights, builder.options().as_of);
  if (!model_dtype)
    experts.router = config.text_or("router_dtype", "fp32") == "fp32" ? Dtype::kFloat32 : Dtype::kBfloat16;
  return experts;
}

/// source  vllm/model_executor/models/sarvam.py, SarvamMLAForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder);
  decoder.intermediate = config.count_or("intermediate_size", 16384, 1);
  const LatentWidths widths = latent_widths(config, decoder.heads.query, {0, std::nullopt, 512, 128, 64, 128});
  const RotaryTable rotary = rotary_table(builder, {.head_width = widths.rope, .positions = decoder.positions});
  const RoutedExperts experts = read_experts(builder);
  const std::int64_t dense = config.count_or("first_k_dense_replace", 1);
  const std::int64_t period = config.count_or("moe_layer_freq", 1, 1);
  const bool latent = uses_latents(builder);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    latent_attention(layer, "self_attn", decoder.hidden, widths, rotary);
    if (experts.count > 0 && i >= dense && (i - dense) % period == 0)
      add_routed_experts(layer, "mlp", decoder.hidden, experts);
    else
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  decoder.heads.width = widths.kv_rank + widths.rope;
  describe_model(builder, decoder, model + ".layers");
  builder.model.latent_attention = latent;
}

}  // namespace

extern const Entry sarvam;
const Entry sarvam{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
