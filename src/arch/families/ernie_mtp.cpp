// ERNIE 4.5's draft layer: Llama's behind a projection of the token and the target's hidden state.
#include "arch/decoder.h"
#include "arch/draft.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"ErnieMTPModel"};

/// source  vllm/model_executor/models/ernie_mtp.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, {2560, 12288, 103424, 28, 131072, {20, 4, 0}, true});
  const bool bias = config.flag_or("attention_bias", false) || config.flag_or("bias", false);
  SelfAttention attention{.bias = config.flag_or("qkv_bias", bias), .output_bias = bias};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.cache = attention_cache(builder, decoder.heads);
  const std::string layers = naming.under("model") + ".layers";
  for (std::int64_t i = decoder.layers; i < decoder.layers + draft_layers(config); ++i) {
    Block layer = builder.block(layers + '.' + std::to_string(i));
    layer.rms_norm("mtp_emb_norm", decoder.hidden);
    layer.rms_norm("mtp_hidden_norm", decoder.hidden);
    layer.tensor("mtp_linear_proj.weight", {decoder.hidden, 2 * decoder.hidden});
    self_attention(layer, decoder, attention);
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate, {.bias = config.flag_or("mlp_bias", false)});
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
    builder.add_layer(std::move(layer));
  }
  describe_model(builder, decoder, layers);
}

}  // namespace

extern const Entry ernie_mtp;
const Entry ernie_mtp{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
