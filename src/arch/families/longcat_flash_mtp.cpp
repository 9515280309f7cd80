// LongCat-Flash's draft layer: one of DeepSeek's without experts behind a projection of the token and the target's
// hidden state.
#include "arch/decoder.h"
#include "arch/draft.h"
#include "arch/latent.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"LongCatFlashMTPModel"};

/// source  vllm/model_executor/models/longcat_flash_mtp.py; transformers' LongcatFlashConfig
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, {6144, 12288, 131072, 28, 131072, {64, 0, 64}, false});
  decoder.intermediate = figure(config, {"ffn_hidden_size", "intermediate_size"}, decoder.intermediate);
  const LatentWidths widths = latent_widths(config, decoder.heads.query);
  const std::string layers = naming.under("model") + ".layers";
  Block layer = builder.block(layers + '.' + std::to_string(2 * config.count_or("num_layers", decoder.layers, 1)));
  layer.rms_norm("enorm", decoder.hidden);
  layer.rms_norm("hnorm", decoder.hidden);
  layer.replicated("eh_proj", 2 * decoder.hidden, {decoder.hidden});
  latent_attention(layer, "self_attn", decoder.hidden, widths, latent_rotary(builder, widths, decoder.positions));
  gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
  for (const char* norm : {"input_layernorm", "post_attention_layernorm", "final_layernorm"})
    layer.rms_norm(norm, decoder.hidden);
  builder.add_layer(std::move(layer));
  decoder.heads.width = widths.kv_rank + widths.rope;
  describe_model(builder, decoder, layers);
  builder.model.latent_attention = true;
}

}  // namespace

extern const Entry longcat_flash_mtp;
const Entry longcat_flash_mtp{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
