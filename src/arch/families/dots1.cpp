// dots.llm1: DeepSeek's experts behind grouped-query attention with norms over each head.
#include "arch/decoder.h"
#include "arch/families/deepseek_v2.h"
#include "arch/routed_experts.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Dots1ForCausalLM"};

/// source  transformers' Dots1Config
constexpr Decoder kAbsent{4608, 10944, 152064, 62, 2048, {32, 32, 0}, false};

/// source  vllm/model_executor/models/dots1.py, Dots1MoE: the correction is of the model's dtype
void add_experts(Block& layer, std::int64_t hidden) {
  const json::Fields& config = layer.builder().text();
  RoutedExperts experts;
  experts.count = config.count_of({"n_routed_experts", "num_local_experts"});
  experts.per_token = config.count_or("num_experts_per_tok", 1, 1);
  experts.intermediate = config.count_or("moe_intermediate_size", 1408, 1);
  experts.shared_intermediate = experts.intermediate * config.count_or("n_shared_experts", 0);
  if (config.text_or("topk_method", "") == "noaux_tc") experts.choice_bias = "gate.e_score_correction_bias";
  experts.choice_dtype = std::nullopt;
  add_routed_experts(layer, "mlp", hidden, experts);
}

/// source  vllm/model_executor/models/dots1.py, Dots1ForCausalLM: never tied
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = false;
  SelfAttention attention{.bias = config.flag_or("attention_bias", false)};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.head_norm = decoder.heads.width;
  const std::int64_t from = config.count_or("max_window_layers", 62);
  WindowDefaults absent{.window = 4096, .per_layer = false};
  for (std::int64_t i = 0; i < decoder.layers; ++i) absent.sliding.push_back(i >= from);
  const LayerWindows windows = layer_windows(builder, decoder, absent);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    attention.cache = attention_cache(builder, decoder.heads, windows.of(i));
    self_attention(layer, decoder, attention);
    if (is_deepseek_moe_layer(config, i))
      add_experts(layer, decoder.hidden);
    else
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry dots1;
const Entry dots1{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
