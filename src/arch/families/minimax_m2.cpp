// MiniMax-M2: norms over all queries and all keys, divided like the heads; experts with a 32-bit router.
#include <algorithm>

#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MiniMaxM2ForCausalLM"};
constexpr std::string_view kExpertShards[] = {"w1", "w3", "w2"};

/// source  transformers' MiniMaxM2Config
constexpr Decoder kAbsent{3072, 1536, 200064, 62, 196608, {48, 8, 128}, false};

/// With fewer KV heads than ranks the norm of the keys is repeated like the heads; before, it was divided regardless.
constexpr vllm::Step<Columns::Split> kKeyNorm[] = {
    {{}, Columns::Split::kDivided, "vllm v0.19.0 vllm/model_executor/models/minimax_m2.py, MiniMaxM2Attention"},
    {{2026, 4, 29},
     Columns::Split::kReplicated,
     "~ absent in v0.20.0, in v0.21.0 vllm/model_executor/models/minimax_m2.py"},
};
static_assert(vllm::well_formed(kKeyNorm));

RotaryTable rotary(const Builder& builder, const Decoder& decoder) {
  const json::Fields& config = builder.text();
  Rope rope{.head_width = decoder.heads.width, .positions = decoder.positions};
  rope.positions = std::max(rope.positions, config.count_or("max_model_len", 0));
  if (const auto width = config.maybe_count("rotary_dim"); width && !config.has("partial_rotary_factor"))
    rope.partial = double(*width) / double(decoder.heads.width);
  return rotary_table(builder, rope);
}

/// source  vllm/model_executor/models/minimax_m2.py, MiniMaxM2ForCausalLM: never tied
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = false;
  const QkvHeads& heads = decoder.heads;
  SelfAttention attention{.bias = config.flag_or("attention_bias", false)};
  attention.rotary = rotary(builder, decoder);
  attention.cache = attention_cache(builder, heads, layer_windows(builder, decoder, {.per_layer = false}).of(0));
  const Columns key_norm{heads.kv, heads.width, vllm::in_force(kKeyNorm, builder.options().as_of)};
  const std::int64_t experts = config.count_or("num_local_experts", config.count_or("num_experts", 256));

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    self_attention(layer, decoder, attention);
    layer.divided("self_attn.q_norm.weight", {{heads.query, heads.width}});
    layer.divided("self_attn.k_norm.weight", {key_norm});
    // The class hands "mlp" to the experts as their name, but keeps them as block_sparse_moe.
    if (config.flag_or("use_routing_bias", false))
      layer.tensor("block_sparse_moe.e_score_correction_bias", {experts}, Dtype::kFloat32);
    layer.experts({.name = "mlp.experts",
                   .count = experts,
                   .per_token = config.count_or("num_experts_per_tok", 8),
                   .hidden = decoder.hidden,
                   .intermediate = decoder.intermediate},
                  {.shards = kExpertShards});
    layer.replicated("mlp.gate", decoder.hidden, {experts}, {.quantised = false, .dtype = Dtype::kFloat32});
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry minimax_m2;
const Entry minimax_m2{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
