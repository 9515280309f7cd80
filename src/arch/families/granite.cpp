// Granite 3 and its sliding variant: Llama's layers, with a sink per head and a rotary base per layer in the variant.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"GraniteForCausalLM", "GraniteSWAForCausalLM"};

/// A table for each base that layers name in "layer_rope_theta"; a base of 0 means no rotary positions.
std::optional<RotaryTable> table_of(const Builder& builder, const Decoder& decoder, std::int64_t layer) {
  RotaryTable table = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  const json::Value* bases = builder.text().find("layer_rope_theta");
  if (!bases || !bases->array()) return table;
  if (std::size_t(layer) >= bases->array()->size()) {
    builder.text().refuse("layer_rope_theta", "names fewer layers than there are");
    return table;
  }
  const double base = (*bases->array())[std::size_t(layer)].number().value_or(0);
  if (base == 0) return std::nullopt;
  table.id += " base " + std::to_string(base);
  return table;
}

/// source  vllm/model_executor/models/granite.py, GraniteForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder);
  const LayerWindows windows = layer_windows(builder, decoder);
  const bool bias = config.flag_or("attention_bias", false) || config.flag_or("bias", false);
  const bool sinks = config.flag_or("attention_sinks", config.has("layer_types"));
  SelfAttention attention{.bias = bias, .output_bias = bias};
  const LinearOptions mlp{.bias = config.flag_or("mlp_bias", false)};

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    attention.cache = attention_cache(builder, decoder.heads, windows.of(i));
    attention.rotary = table_of(builder, decoder, i);
    attention.sinks = sinks;
    self_attention(layer, decoder, attention);
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate, mlp);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry granite;
const Entry granite{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
