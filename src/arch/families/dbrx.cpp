// DBRX: its own names in config.json, LayerNorms without biases, experts in place of every MLP.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"DbrxForCausalLM"};

constexpr std::string_view kFusedQkv[] = {"Wqkv"};

/// source  transformers' DbrxConfig and the configs within it
Decoder read(const json::Fields& config) {
  Decoder decoder;
  decoder.hidden = config.count_or("d_model", 2048, 1);
  decoder.intermediate = config.inner("ffn_config").count_or("ffn_hidden_size", 3584, 1);
  decoder.vocabulary = config.count_or("vocab_size", 32000, 1);
  decoder.positions = config.count_or("max_seq_len", 2048, 1);
  const std::int64_t query = config.count_or("n_heads", 16, 1);
  decoder.heads = {query, config.inner("attn_config").count_or("kv_n_heads", 1, 1), decoder.hidden / query};
  return decoder;
}

/// source  vllm/model_executor/models/dbrx.py, DbrxForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read(config);
  decoder.layers = config.has("n_layers") ? builder.layers("n_layers") : 24;
  const QkvHeads& heads = decoder.heads;
  const RotaryTable rotary{"norm_attn_norm.attn.rotary_emb.cos_sin_cache", "dbrx", decoder.positions, heads.width,
                           builder.dtype()};
  const std::int64_t experts = config.inner("ffn_config").count_or("moe_num_experts", 4, 1);
  const std::int64_t per_token = config.inner("ffn_config").count_or("moe_top_k", 1, 1);

  const std::string model = naming.under("transformer");
  add_ends(builder, decoder, model, naming, {.embedding = "wte", .norm = "norm_f", .every_stage = true});
  add_layers(builder, decoder, model + ".blocks", [&](Block& layer, std::int64_t) {
    layer.qkv("norm_attn_norm.attn.Wqkv", decoder.hidden, heads, {.shards = kFusedQkv});
    layer.row("norm_attn_norm.attn.out_proj", decoder.hidden, decoder.hidden);
    layer.rotary(rotary);
    layer.attention("norm_attn_norm.attn.attn", attention_cache(builder, heads));
    layer.layer_norm("norm_attn_norm.norm_1", decoder.hidden, false);
    layer.layer_norm("norm_attn_norm.norm_2", decoder.hidden, false);
    layer.replicated("ffn.router.layer", decoder.hidden, {experts}, {.quantised = false});
    layer.experts({.name = "ffn",
                   .count = experts,
                   .per_token = per_token,
                   .hidden = decoder.hidden,
                   .intermediate = decoder.intermediate});
  });
  describe_model(builder, decoder, model + ".blocks");
}

}  // namespace

extern const Entry dbrx;
const Entry dbrx{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
