// GLM-4.7-Flash: DeepSeek's latent attention with GLM-4.5's experts.
#include "arch/families/glm4_moe.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Glm4MoeLiteForCausalLM"};

/// source  transformers' Glm4MoeLiteConfig
constexpr Decoder kAbsent{2048, 10240, 154880, 47, 202752, {20, 20, 0}, false};

/// source  vllm/model_executor/models/glm4_moe_lite.py, Glm4MoeLiteForCausalLM
void describe(Builder& builder, const Naming& naming) {
  Glm4LiteStack stack = read_glm4_lite(builder);
  const std::string model = naming.under("model");
  add_ends(builder, stack.decoder, model, naming);
  add_layers(builder, stack.decoder, model + ".layers",
             [&](Block& layer, std::int64_t i) { add_glm4_lite_layer(layer, stack, i); });
  stack.decoder.heads.width = stack.widths.kv_rank + stack.widths.rope;
  describe_model(builder, stack.decoder, model + ".layers");
  builder.model.latent_attention = true;
}

}  // namespace

Glm4LiteStack read_glm4_lite(const Builder& builder) {
  Glm4LiteStack stack;
  stack.decoder = read_decoder(builder, kAbsent);
  stack.decoder.tied = false;  // the class never ties
  stack.widths = latent_widths(builder.text(), stack.decoder.heads.query, {0, 768, 512, 192, 64, 256});
  stack.rotary = latent_rotary(builder, stack.widths, stack.decoder.positions);
  return stack;
}

void add_glm4_lite_layer(Block& layer, const Glm4LiteStack& stack, std::int64_t i) {
  const json::Fields& config = layer.builder().text();
  latent_attention(layer, "self_attn", stack.decoder.hidden, stack.widths, stack.rotary);
  if (i >= config.count_or("first_k_dense_replace", 1) && i % config.count_or("moe_layer_freq", 1, 1) == 0)
    add_glm4_experts(layer, "mlp", config, stack.decoder.hidden);
  else
    gated_mlp(layer, "mlp", stack.decoder.hidden, stack.decoder.intermediate);
  layer.rms_norm("input_layernorm", stack.decoder.hidden);
  layer.rms_norm("post_attention_layernorm", stack.decoder.hidden);
}

extern const Entry glm4_moe_lite;
const Entry glm4_moe_lite{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
