// DeepSeek-MoE (V1): Llama's attention, DeepSeek's experts beside shared experts.
#include "arch/decoder.h"
#include "arch/families/deepseek_v2.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"DeepseekForCausalLM"};

/// Whether the model is DeepseekV2ForCausalLM without latents, or a class of its own with each expert a pair of linear
/// layers.
constexpr vllm::Step<bool> kFusedExperts[] = {
    {{}, false, "vllm v0.10.2 vllm/model_executor/models/deepseek.py"},
    {{2025, 10, 21},
     true,
     "~ absent in v0.11.0, in v0.11.2 vllm/model_executor/models/deepseek_v2.py, DeepseekForCausalLM"},
};
static_assert(vllm::well_formed(kFusedExperts));

/// source  vllm v0.10.2 vllm/model_executor/models/deepseek.py, DeepseekMoE: divided by columns, whatever the experts'
///         parallelism
void add_separate_experts(Block& layer, const json::Fields& config, std::int64_t hidden) {
  constexpr std::int64_t kMostExperts = 4096;
  const std::int64_t intermediate = config.count("moe_intermediate_size");
  const std::int64_t experts = config.count("n_routed_experts");
  if (experts > kMostExperts)
    return config.refuse("n_routed_experts", std::to_string(experts) + " experts are more than any model has", "",
                         ErrorCode::kTooLarge);
  for (std::int64_t i = 0; i < experts; ++i) gated_mlp(layer, "mlp.experts." + std::to_string(i), hidden, intermediate);
  layer.replicated("mlp.gate", hidden, {experts}, {.quantised = false});
  if (const std::int64_t shared = config.count_or("n_shared_experts", 0); shared > 0)
    gated_mlp(layer, "mlp.shared_experts", hidden, intermediate * shared);
}

/// source  vllm/model_executor/models/deepseek_v2.py, DeepseekForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, {4096, 11008, 102400, 30, 2048, {32, 32, 0}, false});
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  const bool fused = vllm::in_force(kFusedExperts, builder.options().as_of);
  if (fused) decoder.tied = false;  // the newer class never ties
  const LayerWindows windows = layer_windows(builder, decoder, {.per_layer = false});
  SelfAttention attention;
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = !fused});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    attention.cache = attention_cache(builder, decoder.heads, windows.of(i));
    self_attention(layer, decoder, attention);
    if (!is_deepseek_moe_layer(config, i))
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    else if (fused)
      add_deepseek_experts(layer, "mlp", config, decoder.hidden);
    else
      add_separate_experts(layer, config, decoder.hidden);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry deepseek;
const Entry deepseek{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
