// MiMo's draft layer: a Qwen2 layer behind a projection of the token and the target's hidden state.
#include "arch/decoder.h"
#include "arch/draft.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MiMoMTPModel"};

/// source  vllm/model_executor/models/mimo_mtp.py
void describe(Builder& builder, const Naming& naming) {
  const Decoder decoder = read_decoder(builder, {4096, 22016, 151936, 32, 32768, {32, 32, 0}, false});
  SelfAttention attention{.bias = true};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.cache = attention_cache(builder, decoder.heads);
  const std::string layers = naming.under("model") + ".layers";
  for (std::int64_t i = decoder.layers; i < decoder.layers + draft_layers(builder.text()); ++i) {
    Block layer = builder.block(layers + '.' + std::to_string(i));
    layer.rms_norm("token_layernorm", decoder.hidden);
    layer.rms_norm("hidden_layernorm", decoder.hidden);
    layer.tensor("input_proj.weight", {decoder.hidden, 2 * decoder.hidden});
    self_attention(layer, decoder, attention);
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
    layer.rms_norm("final_layernorm", decoder.hidden);
    builder.add_layer(std::move(layer));
  }
  describe_model(builder, decoder, layers);
}

}  // namespace

extern const Entry mimo_mtp;
const Entry mimo_mtp{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
