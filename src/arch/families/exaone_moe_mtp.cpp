// K-EXAONE's draft layer: its attention and a dense MLP behind one projection of the token and the target's hidden
// state.
#include "arch/decoder.h"
#include "arch/draft.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"ExaoneMoeMTP"};

/// source  vllm/model_executor/models/exaone_moe_mtp.py; transformers' ExaoneMoeConfig
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, {4096, 16384, 102400, 32, 2048, {32, 32, 0}, false});
  const bool bias = config.flag_or("attention_bias", false) || config.flag_or("bias", false);
  SelfAttention attention{.bias = bias, .output_bias = bias};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.head_norm = decoder.heads.width;
  attention.cache = attention_cache(builder, decoder.heads);

  const std::string model = naming.under("mtp");
  Block inputs = builder.block(model);
  inputs.column("fc", 2 * decoder.hidden, {decoder.hidden});
  for (const char* norm : {"norm", "pre_fc_norm_hidden", "pre_fc_norm_embedding"})
    inputs.rms_norm(norm, decoder.hidden);
  builder.add_part("inputs", Part::Place::kEveryStage, std::move(inputs));
  for (std::int64_t i = 0; i < draft_layers(config); ++i) {
    Block layer = builder.block(model + ".layers." + std::to_string(i));
    self_attention(layer, decoder, attention);
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate, {.bias = config.flag_or("mlp_bias", false)});
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
    builder.add_layer(std::move(layer));
  }
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry exaone_moe_mtp;
const Entry exaone_moe_mtp{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
