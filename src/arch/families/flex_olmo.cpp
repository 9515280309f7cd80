// FlexOlmo, which vLLM runs by transformers' own class: OLMo 2's norms behind attention and experts.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"FlexOlmoForCausalLM"};

/// source  transformers' FlexOlmoConfig
constexpr Decoder kAbsent{4096, 11008, 100352, 32, 4096, {32, 0, 0}, false};

/// source  transformers' modeling_flex_olmo.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  const bool bias = config.flag_or("attention_bias", false);
  const SelfAttention attention{.bias = bias, .output_bias = bias, .cache = attention_cache(builder, decoder.heads)};
  const std::int64_t experts = config.count_or("num_experts", 7, 1);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_transformers_rotary(builder, model, decoder.heads.width);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    transformers_attention(layer, decoder, attention);
    layer.rms_norm("self_attn.q_norm", decoder.heads.query * decoder.heads.width);
    layer.rms_norm("self_attn.k_norm", decoder.heads.kv * decoder.heads.width);
    layer.replicated("mlp.gate", decoder.hidden, {experts});
    layer.experts({.name = "mlp.experts",
                   .count = experts,
                   .per_token = config.count_or("num_experts_per_tok", 5, 1),
                   .hidden = decoder.hidden,
                   .intermediate = decoder.intermediate});
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
    layer.rms_norm("post_feedforward_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry flex_olmo;
const Entry flex_olmo{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
