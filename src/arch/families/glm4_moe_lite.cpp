// GLM-4.7-Flash: DeepSeek's latent attention with GLM-4.5's experts.
#include "arch/decoder.h"
#include "arch/families/glm4_moe.h"
#include "arch/latent.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Glm4MoeLiteForCausalLM"};

/// source  transformers' Glm4MoeLiteConfig
constexpr Decoder kAbsent{2048, 10240, 154880, 47, 202752, {20, 20, 0}, false};

/// source  vllm/model_executor/models/glm4_moe_lite.py, Glm4MoeLiteForCausalLM: never tied
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = false;
  const LatentWidths widths = latent_widths(config, decoder.heads.query, {0, 768, 512, 192, 64, 256});
  const RotaryTable rotary = rotary_table(builder, {.head_width = widths.rope, .positions = decoder.positions});
  const std::int64_t first = config.count_or("first_k_dense_replace", 1);
  const std::int64_t every = config.count_or("moe_layer_freq", 1, 1);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    latent_attention(layer, "self_attn", decoder.hidden, widths, rotary);
    if (i >= first && i % every == 0)
      add_glm4_experts(layer, "mlp", config, decoder.hidden);
    else
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  decoder.heads.width = widths.kv_rank + widths.rope;
  describe_model(builder, decoder, model + ".layers");
  builder.model.latent_attention = true;
}

}  // namespace

extern const Entry glm4_moe_lite;
const Entry glm4_moe_lite{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
