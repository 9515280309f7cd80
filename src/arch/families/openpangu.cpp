// openPangu: Embedded, Llama's layers with biases, and Ultra-MoE, DeepSeek's latent attention and experts with norms on
// both sides of each half.
#include "arch/decoder.h"
#include "arch/latent.h"
#include "arch/routed_experts.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"PanguEmbeddedForCausalLM", "PanguUltraMoEForCausalLM"};

SelfAttention read_attention(const Builder& builder, const Decoder& decoder) {
  const json::Fields& config = builder.text();
  const bool bias = config.flag_or("attention_bias", false) || config.flag_or("bias", false);
  SelfAttention attention{.bias = config.flag_or("qkv_bias", bias), .output_bias = bias};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.cache = attention_cache(builder, decoder.heads);
  return attention;
}

/// source  vllm/model_executor/models/openpangu.py, OpenPanguMoE
RoutedExperts read_experts(const json::Fields& config) {
  RoutedExperts experts;
  experts.count = config.count("n_routed_experts");
  experts.per_token = config.count_or("num_experts_per_tok", 8, 1);
  experts.intermediate = config.count("moe_intermediate_size");
  experts.shared_intermediate = experts.intermediate * config.count_or("n_shared_experts", 0);
  if (config.flag_or("router_enable_expert_bias", false)) experts.choice_bias = "gate.e_score_correction_bias";
  experts.tokens = TokenSplit::kWhole;
  return experts;
}

/// source  vllm/model_executor/models/openpangu.py, OpenPanguModelBase
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder);
  const bool latent = config.has("kv_lora_rank") && config.has("qk_rope_head_dim"),
             sparse = config.has("n_routed_experts");
  const LatentWidths widths = latent_widths(config, decoder.heads.query, {0, std::nullopt, 512, 128, 64, 128});
  const SelfAttention attention = read_attention(builder, decoder);
  const std::int64_t dense = sparse ? config.count_or("first_k_dense_replace", 0) : decoder.layers;
  const RotaryTable rotary = rotary_table(builder, {.head_width = widths.rope, .positions = decoder.positions});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    if (latent)
      latent_attention(layer, "self_attn", decoder.hidden, widths, rotary);
    else
      self_attention(layer, decoder, attention);
    if (i < dense)
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate, {.bias = config.flag_or("mlp_bias", false)});
    else
      add_routed_experts(layer, "mlp", decoder.hidden, read_experts(config));
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
    if (!config.flag_or("sandwich_norm", false)) return;
    layer.rms_norm("pre_mlp_layernorm", decoder.hidden);
    layer.rms_norm("post_mlp_layernorm", decoder.hidden);
  });
  if (latent) decoder.heads.width = widths.kv_rank + widths.rope;
  describe_model(builder, decoder, model + ".layers");
  builder.model.latent_attention = latent;
}

}  // namespace

extern const Entry openpangu;
const Entry openpangu{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
