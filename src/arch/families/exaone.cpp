// EXAONE 3 and 4. The third generation is Llama under other names; the fourth norms after attention and MLP and over
// each head, and three of four layers may slide.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"ExaoneForCausalLM", "Exaone4ForCausalLM"};
constexpr std::string_view kPostNorms[] = {"post_attention_layernorm", "post_feedforward_layernorm"};
constexpr std::string_view kGateUp[] = {"c_fc_0", "c_fc_1"};

constexpr Decoder kThird{2048, 8192, 102400, 32, 2048, {32, 0, 0}, true};
constexpr Decoder kFourth{4096, 16384, 102400, 32, 2048, {32, 32, 0}, false};

/// source  vllm/model_executor/models/exaone.py, ExaoneForCausalLM
void describe_third(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kThird);
  if (config.has("num_layers")) decoder.layers = builder.layers("num_layers");
  if (!config.has("intermediate_size")) decoder.intermediate = 4 * decoder.hidden;
  const bool bias = config.flag_or("attention_bias", false) || config.flag_or("bias", false);
  const LinearOptions mlp{.bias = config.flag_or("mlp_bias", false)};
  LinearOptions merged = mlp;
  merged.shards = kGateUp;
  const SelfAttention attention{
      .bias = bias,
      .output_bias = bias,
      .rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions}),
      .cache = attention_cache(builder, decoder.heads, layer_windows(builder, decoder).window),
      .name = "attn.attention",
      .output = "out_proj"};

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.embedding = "wte", .norm = "ln_f"});
  add_layers(builder, decoder, model + ".h", [&](Block& layer, std::int64_t) {
    self_attention(layer, decoder, attention);
    layer.column("mlp.gate_up_proj", decoder.hidden, {decoder.intermediate, decoder.intermediate}, merged);
    layer.row("mlp.c_proj", decoder.intermediate, decoder.hidden, mlp);
    layer.rms_norm("ln_1", decoder.hidden);
    layer.rms_norm("ln_2", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".h");
}

/// source  vllm/model_executor/models/exaone4.py, Exaone4ForCausalLM
void describe_fourth(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kFourth);
  WindowDefaults absent{.window = 4096};
  if (const json::Value* pattern = config.find("sliding_window_pattern"); !pattern || pattern->integer()) {
    const std::int64_t period = config.count_or("sliding_window_pattern", 4);
    for (std::int64_t i = 0; i < decoder.layers; ++i) absent.sliding.push_back(period > 0 && (i + 1) % period != 0);
  } else if (!config.has("layer_types")) {
    config.refuse("sliding_window_pattern", "gives no number to count layers by", "name the \"layer_types\"");
  }
  const bool bias = config.flag_or("attention_bias", false) || config.flag_or("bias", false);
  LayerShape shape{.attention = {.bias = bias, .output_bias = bias, .head_norm = decoder.heads.width},
                   .mlp = {.bias = config.flag_or("mlp_bias", false)},
                   .norms = kPostNorms};
  shape.attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", shape, layer_windows(builder, decoder, absent));
  describe_model(builder, decoder, model + ".layers");
}

void describe(Builder& builder, const Naming& naming) {
  naming.architecture == "ExaoneForCausalLM" ? describe_third(builder, naming) : describe_fourth(builder, naming);
}

}  // namespace

extern const Entry exaone;
const Entry exaone{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
