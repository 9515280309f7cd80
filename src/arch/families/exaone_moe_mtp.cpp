// K-EXAONE's draft layer: its attention and a dense MLP behind one projection of the token and the target's hidden
// state.
#include "arch/decoder.h"
#include "arch/draft.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"ExaoneMoeMTP"};

/// The window of a draft layer: of the kinds that the config has for drafts, or else the model's own from the first on.
std::optional<Tokens> window_of(const json::Fields& config, const LayerWindows& windows, std::int64_t layer) {
  constexpr std::int64_t kPeriod = 4;
  const std::vector<std::string> kinds =
      config.texts(config.has("mtp_layer_types") ? "mtp_layer_types" : "layer_types");
  const bool slides = layer < std::int64_t(kinds.size()) ? kinds[std::size_t(layer)] == "sliding_attention"
                                                         : (layer + 1) % kPeriod != 0;
  return slides ? windows.window : std::nullopt;
}

/// source  vllm/model_executor/models/exaone_moe_mtp.py; transformers' ExaoneMoeConfig
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, {4096, 16384, 102400, 32, 2048, {32, 32, 0}, false});
  const bool bias = config.flag_or("attention_bias", false) || config.flag_or("bias", false);
  SelfAttention attention{.bias = bias, .output_bias = bias};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.head_norm = decoder.heads.width;
  const LayerWindows windows = layer_windows(builder, decoder, {.window = 4096});

  const std::string model = naming.under("mtp");
  Block inputs = builder.block(model);
  inputs.column("fc", 2 * decoder.hidden, {decoder.hidden});
  for (const char* norm : {"norm", "pre_fc_norm_hidden", "pre_fc_norm_embedding"})
    inputs.rms_norm(norm, decoder.hidden);
  builder.add_part("inputs", Part::Place::kEveryStage, std::move(inputs));
  for (std::int64_t i = 0; i < draft_layers(config); ++i) {
    Block layer = builder.block(model + ".layers." + std::to_string(i));
    attention.cache = attention_cache(builder, decoder.heads, window_of(config, windows, i));
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
