// Mellum 2, which vLLM runs by transformers' own class: Qwen 3's attention, windowed in some layers, and experts.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/layer_kinds.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MellumForCausalLM"};

/// source  transformers' MellumConfig
constexpr Decoder kAbsent{2304, 7168, 98304, 28, 131072, {32, 4, 128}, false};

void add_mlp(Block& layer, const Decoder& decoder, bool sparse) {
  const json::Fields& config = layer.builder().text();
  if (!sparse) return transformers_mlp(layer, decoder);
  const std::int64_t experts = config.count_or("num_experts", 64, 1);
  layer.replicated("mlp.experts.gate", decoder.hidden, {experts});
  layer.experts({.name = "mlp.experts",
                 .count = experts,
                 .per_token = config.count_or("num_experts_per_tok", 8, 1),
                 .hidden = decoder.hidden,
                 .intermediate = config.count_or("moe_intermediate_size", 896, 1)});
}

/// source  transformers' modeling_mellum.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  const auto all = [&](std::string kind) {
    return std::vector<std::string>(std::size_t(decoder.layers), std::move(kind));
  };
  const std::vector<std::string> attentions = layer_kinds(config, "layer_types", decoder.layers, all("full_attention"),
                                                          {"full_attention", "sliding_attention"});
  const std::vector<std::string> mlps =
      layer_kinds(config, "mlp_layer_types", decoder.layers, all("sparse"), {"dense", "sparse"});
  LayerWindows windows = layer_windows(builder, decoder, {.window = 1024});
  const bool bias = config.flag_or("attention_bias", false);
  SelfAttention attention{.bias = bias, .output_bias = bias, .head_norm = decoder.heads.width};

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  std::vector<std::string> kinds = attentions;
  std::ranges::sort(kinds);
  kinds.erase(std::ranges::unique(kinds).begin(), kinds.end());
  add_transformers_rotary(builder, model, decoder.heads.width, kinds);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    const bool slides = attentions[std::size_t(i)] == "sliding_attention";
    attention.cache = attention_cache(builder, decoder.heads, slides ? windows.window : std::nullopt);
    transformers_attention(layer, decoder, attention);
    add_mlp(layer, decoder, mlps[std::size_t(i)] == "sparse");
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry mellum;
const Entry mellum{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
