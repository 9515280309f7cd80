// SmolLM3, which vLLM builds with transformers' class: Llama's layers, some without rotary positions.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"SmolLM3ForCausalLM"};

constexpr Decoder kAbsent{2048, 11008, 128256, 36, 32768, {16, 4, 0}, true};

/// Where windows are in use, the layers without rotary positions slide.
LayerWindows windows_of(const Builder& builder, const Decoder& decoder) {
  const json::Fields& config = builder.text();
  const std::int64_t interval = config.count_or("no_rope_layer_interval", 4, 1);
  const std::vector<std::int64_t> rotates = config.counts("no_rope_layers");
  WindowDefaults absent{.used = config.flag_or("use_sliding_window", false) && config.has("sliding_window")};
  for (std::int64_t i = 0; i < decoder.layers; ++i) {
    const bool rotated = std::size_t(i) < rotates.size() ? rotates[std::size_t(i)] != 0 : (i + 1) % interval != 0;
    absent.sliding.push_back(absent.used && !rotated);
  }
  return layer_windows(builder, decoder, absent);
}

/// source  vllm/model_executor/models/transformers/causal.py; transformers' modeling_smollm3.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  const bool bias = config.flag_or("attention_bias", false);
  const LayerShape shape{.attention = {.bias = bias, .output_bias = bias},
                         .mlp = {.bias = config.flag_or("mlp_bias", false)},
                         .by_transformers = true};

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_transformers_rotary(builder, model, decoder.heads.width);
  add_layers(builder, decoder, model + ".layers", shape, windows_of(builder, decoder));
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry smollm3;
const Entry smollm3{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
