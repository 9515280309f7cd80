// Hunyuan: Llama's layers with norms over each head, and experts in the place of its MLPs.
#include "arch/decoder.h"
#include "arch/routed_experts.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"HunYuanDenseV1ForCausalLM", "HunYuanMoEV1ForCausalLM"};

constexpr Decoder kAbsent{4096, 11008, 290943, 32, 2048, {32, 0, 0}, false};

constexpr vllm::Step<bool> kByTransformers[] = {
    {{}, false, "vllm v0.28.0 vllm/model_executor/models/hunyuan_v1.py"},
    {{2026, 8, 19}, true, "~ vllm v0.29.0 vllm/model_executor/models/registry.py"},
};
static_assert(vllm::well_formed(kByTransformers));

/// A figure that is one for all layers or a list with one for each.
std::int64_t of_layer(const json::Fields& config, const char* key, std::int64_t layer, std::int64_t absent) {
  const json::Value* value = config.find(key);
  if (!value || !value->array()) return config.count_or(key, absent);
  const std::vector<std::int64_t> figures = config.counts(key);
  return layer < std::int64_t(figures.size()) ? figures[std::size_t(layer)] : absent;
}

/// source  vllm v0.28.0 vllm/model_executor/models/hunyuan_v1.py, HunYuanSparseMoeBlock; transformers'
///         modeling_hunyuan_v1_moe.py, HunYuanMoEV1Moe, whose shared experts have one MLP's width
void add_experts(Block& layer, const Decoder& decoder, std::int64_t i, bool by_transformers) {
  const json::Fields& config = layer.builder().text();
  RoutedExperts experts;
  experts.count = config.count_or("num_experts", 1, 1);
  experts.per_token = of_layer(config, "moe_topk", i, 1);
  experts.intermediate = of_layer(config, "moe_intermediate_size", i, decoder.intermediate);
  experts.shared = "shared_mlp";
  if (by_transformers) {
    experts.gate = "gate.wg";
    experts.shared_intermediate = decoder.intermediate;
  } else if (config.flag_or("use_mixed_mlp_moe", false)) {
    experts.shared_intermediate = decoder.intermediate * of_layer(config, "num_shared_expert", i, 1);
  }
  add_routed_experts(layer, "mlp", decoder.hidden, experts);
}

/// source  vllm/model_executor/models/hunyuan_v1.py; transformers' modeling_hunyuan_v1_dense.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  const bool by_transformers = vllm::in_force(kByTransformers, builder.options().as_of);
  if (!by_transformers && !config.has("head_dim"))
    decoder.heads.width = figure(config, {"attention_head_dim"}, decoder.heads.width);
  const bool bias = config.flag_or("attention_bias", false) || (!by_transformers && config.flag_or("bias", false));
  const bool cross = !by_transformers && config.flag_or("use_cla", false);
  if (cross)
    config.refuse("use_cla", "layers that share another's keys and values are not modelled yet", "",
                  ErrorCode::kUnsupported);
  // transformers' class always norms.
  const bool head_norms = by_transformers || config.flag_or("use_qk_norm", false);
  const SelfAttention attention{
      .bias = bias,
      .output_bias = bias,
      .rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions}),
      .cache = attention_cache(builder, decoder.heads, layer_windows(builder, decoder).window)};
  const LinearOptions mlp{.bias = !by_transformers && config.flag_or("mlp_bias", false)};

  const bool sparse = naming.architecture.find("MoE") != std::string::npos;

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  if (by_transformers) add_transformers_rotary(builder, model, decoder.heads.width);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    by_transformers ? transformers_attention(layer, decoder, attention) : self_attention(layer, decoder, attention);
    if (head_norms) {
      layer.rms_norm("self_attn.query_layernorm", decoder.heads.width);
      layer.rms_norm("self_attn.key_layernorm", decoder.heads.width);
    }
    if (sparse)
      add_experts(layer, decoder, i, by_transformers);
    else
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate, mlp);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry hunyuan;
const Entry hunyuan{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
