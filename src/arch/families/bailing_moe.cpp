// Ling (Bailing MoE) and Sarvam-30B: grouped-query attention, experts beside shared experts after the first few layers.
#include "arch/decoder.h"
#include "arch/routed_experts.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"BailingMoeForCausalLM", "BailingMoeV2ForCausalLM",
                                               "SarvamMoEForCausalLM"};

/// The checkpoint has queries, keys and values in one tensor.
constexpr std::string_view kQkvShards[] = {"query_key_value"};
constexpr ModelNames::Packed kPacked[] = {{"query_key_value", kQkvShards}};

/// Ling 2.0: norms over each head, a router of its own dtype with a bias, a part of each head that rotates.
constexpr vllm::Step<bool> kSecondGeneration[] = {
    {{}, false, "vllm v0.10.2 vllm/model_executor/models/bailing_moe.py"},
    {{2025, 9, 19}, true, "~ absent in v0.10.2, in v0.11.0 vllm/model_executor/models/bailing_moe.py"},
};
static_assert(vllm::well_formed(kSecondGeneration));

/// Whether partial_rotary_factor speaks where there is no rotary_dim.
constexpr vllm::Step<bool> kPartialFactor[] = {
    {{}, false, "vllm v0.19.0 vllm/model_executor/models/bailing_moe.py, BailingAttention"},
    {{2026, 4, 20}, true, "~ absent in v0.19.0, in v0.25.1 vllm/model_executor/models/bailing_moe.py"},
};
static_assert(vllm::well_formed(kPartialFactor));

struct Attention {
  bool bias = false, output_bias = false;
  bool norms = false, rms = false;
  RotaryTable rotary;
};

Attention read_attention(const Builder& builder, const Decoder& decoder, bool second) {
  const json::Fields& config = builder.text();
  const vllm::Date day = builder.options().as_of;
  const std::int64_t width = decoder.heads.width;
  Attention attention;
  attention.output_bias = config.flag_or("use_bias", false);
  attention.bias = attention.output_bias || config.flag_or("use_qkv_bias", false);
  attention.norms = second && config.flag_or("use_qk_norm", false);
  attention.rms = config.flag_or("use_rmsnorm", false);
  double partial = 1.0;
  if (vllm::in_force(kPartialFactor, day)) partial = config.maybe_number("partial_rotary_factor").value_or(1.0);
  std::int64_t rotated = std::int64_t(double(width) * partial);
  if (const auto given = config.maybe_count("rotary_dim", 1)) rotated = *given;
  attention.rotary = rotary_table(
      builder,
      {.head_width = width, .positions = decoder.positions, .partial = second ? double(rotated) / double(width) : 1.0});
  return attention;
}

/// source  vllm/model_executor/models/bailing_moe.py, BailingAttention
void add_attention(Block& layer, const Decoder& decoder, const Attention& attention) {
  layer.qkv("attention.query_key_value", decoder.hidden, decoder.heads, {.bias = attention.bias, .shards = kQkvShards});
  layer.row("attention.dense", decoder.heads.query * decoder.heads.width, decoder.hidden,
            {.bias = attention.output_bias});
  layer.rotary(attention.rotary);
  layer.attention("attention.attn", attention_cache(layer.builder(), decoder.heads));
  if (!attention.norms) return;
  for (const char* norm : {"attention.query_layernorm", "attention.key_layernorm"}) {
    if (attention.rms)
      layer.rms_norm(norm, decoder.heads.width);
    else
      layer.layer_norm(norm, decoder.heads.width);
  }
}

/// source  vllm/model_executor/models/bailing_moe.py, BailingMoE
RoutedExperts read_experts(const json::Fields& config, bool second) {
  RoutedExperts experts;
  experts.count = config.count("num_experts");
  experts.per_token = config.count_or("num_experts_per_tok", 1);
  experts.intermediate = config.count("moe_intermediate_size");
  std::int64_t shared = experts.intermediate;
  if (second) shared = config.count_or("moe_shared_expert_intermediate_size", shared);
  experts.shared_intermediate = shared * config.count_or("num_shared_experts", 0);
  experts.shared_bias = config.flag_or("use_bias", false);
  if (!second) return experts;
  const std::string router = config.text_or("router_dtype", "");
  if (!router.empty()) experts.router = router == "fp32" ? Dtype::kFloat32 : Dtype::kBfloat16;
  if (config.flag_or("moe_router_enable_expert_bias", false)) experts.choice_bias = "gate.expert_bias";
  return experts;
}

void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const bool second = vllm::in_force(kSecondGeneration, builder.options().as_of);
  const Decoder decoder = read_decoder(builder);
  const Attention attention = read_attention(builder, decoder, second);
  const RoutedExperts experts = read_experts(config, second);
  const std::int64_t dense = config.count_or("first_k_dense_replace", 0);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.embedding = "word_embeddings"});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    add_attention(layer, decoder, attention);
    if (i < dense)
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate, {.bias = attention.output_bias});
    else
      add_routed_experts(layer, "mlp", decoder.hidden, experts);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.packed = kPacked});
  if (!builder) return builder.error();
  describe(*builder, {source.architecture, ""});
  return builder->finish();
}

}  // namespace

extern const Entry bailing_moe;
const Entry bailing_moe{kArchitectures, build, describe};

}  // namespace vram::arch::families
