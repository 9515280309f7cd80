// Arcee's Trinity (AFMoE): gated attention with norms over each head and rotary positions in sliding layers alone, four
// norms a layer, experts beside shared experts after the first few layers.
#include "arch/decoder.h"
#include "arch/routed_experts.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"AfmoeForCausalLM"};

/// source  transformers' AfmoeConfig
constexpr Decoder kAbsent{2048, 6144, 200192, 32, 16384, {16, 0, 128}, false};

constexpr std::string_view kNorms[] = {"input_layernorm", "post_attention_layernorm", "pre_mlp_layernorm",
                                       "post_mlp_layernorm"};

/// source  vllm/model_executor/models/afmoe.py, AfmoeMoE
RoutedExperts read_experts(const json::Fields& config) {
  RoutedExperts experts;
  experts.count = figure(config, {"num_experts", "n_routed_experts"}, 64);
  experts.per_token = config.count_or("num_experts_per_tok", 6);
  experts.intermediate = config.count_or("moe_intermediate_size", 1408, 1);
  experts.shared_intermediate = experts.intermediate * config.count_or("num_shared_experts", 2);
  experts.router = Dtype::kFloat32;
  experts.choice_bias = "expert_bias";
  return experts;
}

/// source  vllm/model_executor/models/afmoe.py, AfmoeForCausalLM: never tied
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = false;
  const std::int64_t period = config.count_or("global_attn_every_n_layers", 4, 1);
  WindowDefaults absent{.window = 1024};
  for (std::int64_t i = 0; i < decoder.layers; ++i) absent.sliding.push_back((i + 1) % period != 0);
  const LayerWindows windows = layer_windows(builder, decoder, absent);
  const RotaryTable rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  const RoutedExperts experts = read_experts(config);
  const std::int64_t dense = config.count_or("num_dense_layers", 1),
                     queries = decoder.heads.query * decoder.heads.width;

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    SelfAttention attention{.cache = attention_cache(builder, decoder.heads, windows.of(i)),
                            .head_norm = decoder.heads.width};
    if (windows.sliding.empty() || windows.sliding[std::size_t(i)]) attention.rotary = rotary;
    self_attention(layer, decoder, attention);
    layer.column("self_attn.gate_proj", decoder.hidden, {queries});
    if (i < dense)
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    else
      add_routed_experts(layer, "mlp", decoder.hidden, experts);
    for (const std::string_view norm : kNorms) layer.rms_norm(std::string(norm), decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry afmoe;
const Entry afmoe{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
