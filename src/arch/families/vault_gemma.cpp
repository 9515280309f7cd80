// VaultGemma, which vLLM runs by transformers' own class: Gemma 2's layers without the norms behind each half.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"VaultGemmaForCausalLM"};

/// source  transformers' VaultGemmaConfig
constexpr Decoder kAbsent{2304, 9216, 256000, 26, 8192, {8, 4, 256}, true};

/// source  transformers' modeling_vaultgemma.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  WindowDefaults absent{.window = 4096};
  for (std::int64_t i = 0; i < decoder.layers; ++i) absent.sliding.push_back(i % 2 == 0);
  const LayerWindows windows = layer_windows(builder, decoder, absent);
  const bool bias = config.flag_or("attention_bias", false);
  SelfAttention attention{.bias = bias, .output_bias = bias};

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  Block scale = builder.block(model);
  scale.buffer("embed_tokens.embed_scale", {}, builder.dtype());
  builder.add_part("scale", decoder.tied ? Part::Place::kFirstAndLastStage : Part::Place::kFirstStage,
                   std::move(scale));
  add_transformers_rotary(builder, model, decoder.heads.width);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    attention.cache = attention_cache(builder, decoder.heads, windows.of(i));
    transformers_attention(layer, decoder, attention);
    transformers_mlp(layer, decoder);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("pre_feedforward_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry vault_gemma;
const Entry vault_gemma{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
