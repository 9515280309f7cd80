// Nemotron-NAS (DeciLM): Llama's layers, each with key and value heads and a width of its own, or without attention or
// MLP at all.
#include <algorithm>
#include <cmath>

#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"DeciLMForCausalLM"};

/// MLP widths that are given as a multiple of the hidden size are rounded up to this.
constexpr std::int64_t kWidthMultiple = 256;

struct Width {
  std::int64_t kv_heads = 0;      // 0: no attention
  std::int64_t intermediate = 0;  // 0: no MLP
};

/// source  vllm/model_executor/models/nemotron_nas.py, DeciLMDecoderLayer, _ffn_mult_to_intermediate_size
Width width_of(const json::Fields& block, const Decoder& decoder) {
  const json::Fields attention = block.inner("attention"), ffn = block.inner("ffn");
  Width width;
  if (!attention.flag_or("no_op", false))
    width.kv_heads = std::max<std::int64_t>(decoder.heads.query / attention.count("n_heads_in_group"), 1);
  if (ffn.flag_or("no_op", false)) return width;
  if (const auto multiple = ffn.maybe_number("ffn_mult")) {
    const double exact = 2 * *multiple * double(decoder.hidden) / 3;
    if (!(exact >= 1 && exact < double(json::Fields::kMost)))
      ffn.refuse("ffn_mult", "gives an MLP of " + std::to_string(exact) + " units");
    else
      width.intermediate = round_up(std::int64_t(exact), kWidthMultiple);
  } else {
    width.intermediate = ffn.count("intermediate_size");
  }
  return width;
}

std::vector<Width> widths_of(const json::Fields& config, const Decoder& decoder) {
  std::vector<Width> widths;
  const json::Value* blocks = config.find("block_configs");
  if (!blocks || !blocks->array() || std::int64_t(blocks->array()->size()) < decoder.layers) {
    config.refuse("block_configs", "expected a block for each of " + std::to_string(decoder.layers) + " layers");
    return std::vector<Width>(std::size_t(decoder.layers));
  }
  for (std::int64_t i = 0; i < decoder.layers; ++i)
    widths.push_back(width_of(config.item("block_configs", std::size_t(i)), decoder));
  return widths;
}

/// source  vllm/model_executor/models/nemotron_nas.py, DeciLMForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder);
  const std::vector<Width> widths = widths_of(config, decoder);
  const bool bias = config.flag_or("attention_bias", false) || config.flag_or("bias", false);
  SelfAttention attention{
      .bias = config.flag_or("qkv_bias", bias),
      .output_bias = bias,
      .rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions})};
  const LinearOptions mlp{.bias = config.flag_or("mlp_bias", false)};

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    const Width& width = widths[std::size_t(i)];
    if (width.kv_heads > 0) {
      Decoder own = decoder;
      own.heads.kv = width.kv_heads;
      attention.cache = attention_cache(builder, own.heads);
      self_attention(layer, own, attention);
      layer.rms_norm("input_layernorm", decoder.hidden);
    }
    if (width.intermediate > 0) {
      gated_mlp(layer, "mlp", decoder.hidden, width.intermediate, mlp);
      layer.rms_norm("post_attention_layernorm", decoder.hidden);
    }
  });
  // vLLM's model config takes the first layer that has attention for all.
  const auto first = std::find_if(widths.begin(), widths.end(), [](const Width& width) { return width.kv_heads > 0; });
  if (first != widths.end()) decoder.heads.kv = first->kv_heads;
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry decilm;
const Entry decilm{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
