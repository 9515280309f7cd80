// ERNIE 4.5 with experts: every so many layers between two, beside shared experts.
#include "arch/decoder.h"
#include "arch/routed_experts.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Ernie4_5_MoeForCausalLM"};

/// source  transformers' Ernie4_5_MoeConfig
constexpr Decoder kAbsent{2560, 12288, 103424, 28, 131072, {20, 4, 0}, true};

/// The gate's weights and the correction of its choices stay in float32.
constexpr vllm::Step<bool> kFloatRouter[] = {
    {{}, false, "vllm v0.10.2 vllm/model_executor/models/ernie45_moe.py, Ernie4_5_MoeMoE: the model's dtype"},
    {{2025, 9, 30}, true, "~ vllm v0.14.1 vllm/model_executor/models/ernie45_moe.py"},
};
constexpr vllm::Step<bool> kCorrects[] = {
    {{}, false, "vllm v0.9.2 vllm/model_executor/models/ernie45_moe.py"},
    {{2025, 7, 16}, true, "~ absent in v0.9.2, in v0.10.2 vllm/model_executor/models/ernie45_moe.py"},
};
static_assert(vllm::well_formed(kFloatRouter) && vllm::well_formed(kCorrects));

/// source  vllm/model_executor/models/ernie45_moe.py, Ernie4_5_MoeMoE
RoutedExperts read_experts(const Builder& builder) {
  const json::Fields& config = builder.text();
  const vllm::Date day = builder.options().as_of;
  RoutedExperts experts;
  experts.count = figure(config, {"moe_num_experts", "num_experts"}, 64);
  experts.per_token = figure(config, {"moe_k", "num_experts_per_tok"}, 6);
  experts.intermediate = config.count_or("moe_intermediate_size", 1536, 1);
  experts.shared_intermediate = experts.intermediate * config.count_or("moe_num_shared_experts", 2);
  if (vllm::in_force(kFloatRouter, day))
    experts.router = Dtype::kFloat32;
  else
    experts.choice_dtype = std::nullopt;
  if (vllm::in_force(kCorrects, day)) experts.choice_bias = "gate.e_score_correction_bias";
  return experts;
}

/// source  vllm/model_executor/models/ernie45_moe.py, Ernie4_5_MoeForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  const bool bias = config.flag_or("use_bias", false);
  SelfAttention attention{.bias = bias};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.cache = attention_cache(builder, decoder.heads);
  const RoutedExperts experts = read_experts(builder);
  const std::int64_t first = config.count_or("moe_layer_start_index", 1);
  const std::int64_t period = config.count_or("moe_layer_interval", 1, 1);
  std::int64_t last = decoder.layers - 1;  // -1 says so too
  if (const json::Value* given = config.find("moe_layer_end_index");
      given && given->integer() && *given->integer() >= 0)
    last = *given->integer();
  const bool sparse = config.flag_or("use_moe", experts.count > 0);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    self_attention(layer, decoder, attention);
    if (sparse && (i + 1) % period == 0 && i >= first && i <= last)
      add_routed_experts(layer, "mlp", decoder.hidden, experts);
    else
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate, {.bias = bias});
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry ernie4_5_moe;
const Entry ernie4_5_moe{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
