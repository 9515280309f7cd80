// MiniCPM 1 to 4, dense and of experts, and MiniCPM 3 with low-rank projections: embedding, norm and head on every
// stage.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MiniCPMForCausalLM", "MiniCPM3ForCausalLM"};

constexpr Decoder kAbsent{4096, 11008, 32000, 32, 2048, {32, 0, 0}, true};

/// Low-rank query, key and value whose keys and values are stored in full, values padded to the width of keys.
struct LowRank {
  std::int64_t query_rank = 0, kv_rank = 0, nope = 0, rope = 0, value = 0;
};

LowRank low_rank_of(const json::Fields& config, const Decoder& decoder) {
  LowRank ranks{config.count_or("q_lora_rank", 768, 1), config.count_or("kv_lora_rank", 256, 1),
                config.count_or("qk_nope_head_dim", 64, 1), config.count_or("qk_rope_head_dim", 32, 1), 0};
  ranks.value = figure(config, {"v_head_dim"}, decoder.hidden / decoder.heads.query);
  return ranks;
}

/// source  vllm/model_executor/models/minicpm3.py, MiniCPM3Attention
void low_rank_attention(Block& layer, const Decoder& decoder, const LowRank& ranks, const RotaryTable& rotary) {
  const std::int64_t heads = decoder.heads.query, key = ranks.nope + ranks.rope;
  layer.replicated("self_attn.q_a_proj", decoder.hidden, {ranks.query_rank});
  layer.rms_norm("self_attn.q_a_layernorm", ranks.query_rank);
  layer.column("self_attn.q_b_proj", ranks.query_rank, {heads * key});
  layer.replicated("self_attn.kv_a_proj_with_mqa", decoder.hidden, {ranks.kv_rank + ranks.rope});
  layer.rms_norm("self_attn.kv_a_layernorm", ranks.kv_rank);
  layer.column("self_attn.kv_b_proj", ranks.kv_rank, {heads * (ranks.nope + ranks.value)});
  layer.row("self_attn.o_proj", heads * ranks.value, decoder.hidden);
  layer.rotary(rotary);
  layer.attention("self_attn.attn", attention_cache(layer.builder(), {heads, heads, key}));
}

/// Experts kept as two plain parameters, of each of which a rank has a slice.
/// source  vllm/model_executor/models/minicpm.py, MiniCPMMoE
void experts(Block& layer, const Decoder& decoder, std::int64_t count) {
  layer.replicated("mlp.gate", decoder.hidden, {count}, {.quantised = false});
  layer.divided("mlp.ws", {{decoder.intermediate, 2 * count}}, {decoder.hidden});
  layer.divided("mlp.w2s", {{decoder.intermediate, count}}, {decoder.hidden});
}

/// source  vllm/model_executor/models/minicpm.py, MiniCPMForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  const bool third = naming.architecture == "MiniCPM3ForCausalLM";
  const LowRank ranks = third ? low_rank_of(config, decoder) : LowRank{};
  const RotaryTable rotary =
      rotary_table(builder, {.head_width = third ? ranks.rope : decoder.heads.width, .positions = decoder.positions});
  const SelfAttention attention{.rotary = rotary, .cache = attention_cache(builder, decoder.heads)};
  const std::int64_t count = config.count_or("num_experts", 0);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    layer.rms_norm("input_layernorm", decoder.hidden);
    third ? low_rank_attention(layer, decoder, ranks, rotary) : self_attention(layer, decoder, attention);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
    count > 0 ? experts(layer, decoder, count) : gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
  });
  if (third) decoder.heads.width = ranks.nope + ranks.rope;
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry minicpm;
const Entry minicpm{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
