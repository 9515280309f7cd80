// K-EXAONE: EXAONE 4's attention, windowed in most layers, with experts beside shared experts.
#include "arch/decoder.h"
#include "arch/layer_kinds.h"
#include "arch/routed_experts.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"ExaoneMoEForCausalLM", "ExaoneMoeForCausalLM"};

/// source  transformers' ExaoneMoeConfig
constexpr Decoder kAbsent{4096, 16384, 102400, 32, 2048, {32, 32, 0}, false};

/// source  vllm/model_executor/models/exaone_moe.py, ExaoneMoe
RoutedExperts read_experts(const json::Fields& config) {
  RoutedExperts experts;
  experts.count = config.count_or("num_experts", 64, 1);
  experts.per_token = config.count_or("num_experts_per_tok", 8);
  experts.intermediate = config.count_or("moe_intermediate_size", 1024, 1);
  experts.shared_intermediate = experts.intermediate * config.count_or("num_shared_experts", 1);
  experts.choice_bias = "e_score_correction_bias";
  return experts;
}

LayerWindows read_windows(const Builder& builder, const Decoder& decoder) {
  const json::Fields& config = builder.text();
  WindowDefaults absent{.window = 4096};
  std::int64_t period = config.is_null("sliding_window") ? 0 : 4;
  if (const json::Value* given = config.find("sliding_window_pattern"); given && given->integer())
    period = *given->integer();
  for (std::int64_t i = 0; i < decoder.layers; ++i) absent.sliding.push_back(period > 0 && (i + 1) % period != 0);
  return layer_windows(builder, decoder, absent);
}

/// source  vllm/model_executor/models/exaone_moe.py, ExaoneMoeForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  const bool bias = config.flag_or("attention_bias", false) || config.flag_or("bias", false);
  SelfAttention attention{.bias = bias, .output_bias = bias};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.head_norm = decoder.heads.width;
  const LayerWindows windows = read_windows(builder, decoder);
  std::vector<std::string> mlps(std::size_t(decoder.layers), "sparse");
  for (std::int64_t i = 0; i < std::min(config.count_or("first_k_dense_replace", 1), decoder.layers); ++i)
    mlps[std::size_t(i)] = "dense";
  mlps = layer_kinds(config, "mlp_layer_types", decoder.layers, std::move(mlps), {"dense", "sparse"});
  const RoutedExperts experts = read_experts(config);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    attention.cache = attention_cache(builder, decoder.heads, windows.of(i));
    self_attention(layer, decoder, attention);
    if (mlps[std::size_t(i)] == "sparse")
      add_routed_experts(layer, "mlp", decoder.hidden, experts);
    else
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate, {.bias = config.flag_or("mlp_bias", false)});
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry exaone_moe;
const Entry exaone_moe{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
