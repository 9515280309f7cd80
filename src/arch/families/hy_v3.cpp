// Hunyuan 3: grouped-query attention with norms over each head, and experts beside shared ones after the first layers.
#include "arch/decoder.h"
#include "arch/routed_experts.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"HYV3ForCausalLM"};

/// source  transformers' HYV3Config
constexpr Decoder kAbsent{4096, 13312, 120832, 80, 131072, {64, 8, 128}, false};

constexpr vllm::Step<bool> kFloatCorrection[] = {
    {{}, false, "vllm v0.25.1 vllm/model_executor/models/hy_v3.py, HYV3MoEFused: the model's dtype"},
    {{2026, 7, 18}, true, "~ vllm v0.28.0 vllm/model_executor/models/hy_v3.py, expert_bias"},
};
static_assert(vllm::well_formed(kFloatCorrection));

/// source  vllm/model_executor/models/hy_v3.py, HYV3MoEFused
void add_experts(Block& layer, std::int64_t hidden) {
  const json::Fields& config = layer.builder().text();
  RoutedExperts experts;
  experts.count = config.count_or("num_experts", 192, 1);
  experts.per_token = config.count_or("num_experts_per_tok", 8, 1);
  experts.intermediate = config.count_of({"expert_hidden_dim", "moe_intermediate_size"});
  experts.shared_intermediate = experts.intermediate * config.count_or("num_shared_experts", 1);
  experts.shared = "shared_mlp";
  experts.router = Dtype::kFloat32;
  experts.choice_bias = "expert_bias";
  if (!vllm::in_force(kFloatCorrection, layer.builder().options().as_of)) experts.choice_dtype = std::nullopt;
  add_routed_experts(layer, "mlp", hidden, experts);
}

/// source  vllm/model_executor/models/hy_v3.py, HYV3ForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  SelfAttention attention;
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.cache = attention_cache(builder, decoder.heads);
  if (config.flag_or("qk_norm", false)) attention.head_norm = decoder.heads.width;
  const std::int64_t dense = config.count_or("first_k_dense_replace", 1);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    self_attention(layer, decoder, attention);
    if (i < dense)
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    else
      add_experts(layer, decoder.hidden);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry hy_v3;
const Entry hy_v3{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
