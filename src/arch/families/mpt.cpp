// MPT: ALiBi, LayerNorm, tied embeddings; everything on every stage.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MPTForCausalLM", "MptForCausalLM"};
constexpr std::string_view kMergedQkv[] = {"Wqkv"};

/// source  vllm v0.28.0 vllm/model_executor/models/mpt.py, MPTForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const json::Fields attention = config.inner("attn_config");
  Decoder decoder;
  decoder.hidden = figure(config, {"d_model", "hidden_size"}, 2048);
  decoder.intermediate = decoder.hidden * figure(config, {"expansion_ratio"}, 4);
  decoder.vocabulary = figure(config, {"vocab_size"}, 50368);
  decoder.layers = config.has("n_layers") ? builder.layers("n_layers") : 24;
  decoder.heads.query = figure(config, {"n_heads", "num_attention_heads"}, 16);
  decoder.heads.kv = figure(attention, {"kv_n_heads"}, decoder.heads.query);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  decoder.tied = true;
  // Without biases the norms have none either.
  const bool bias = !config.flag_or("no_bias", true), head_norms = attention.flag_or("qk_ln", false);
  if (!attention.flag_or("alibi", true))
    attention.refuse("alibi", "vLLM takes MPT with ALiBi only", "", ErrorCode::kUnsupported);
  const LayerCache cache = attention_cache(builder, decoder.heads);

  const std::string model = naming.under("transformer");
  add_ends(builder, decoder, model, naming, {.embedding = "wte", .norm = "", .every_stage = true});
  Block norm = builder.block(model);
  norm.layer_norm("norm_f", decoder.hidden, bias);
  builder.add_part("norm", Part::Place::kEveryStage, std::move(norm));
  add_layers(builder, decoder, model + ".blocks", [&](Block& layer, std::int64_t) {
    layer.layer_norm("norm_1", decoder.hidden, bias);
    layer.qkv("attn.Wqkv", decoder.hidden, decoder.heads, {.bias = bias, .shards = kMergedQkv});
    if (head_norms) {
      layer.layer_norm("attn.q_ln", decoder.hidden, bias);
      layer.layer_norm("attn.k_ln", decoder.hidden, bias);
    }
    layer.row("attn.out_proj", decoder.hidden, decoder.hidden, {.bias = bias});
    layer.attention("attn.attn", cache);
    layer.layer_norm("norm_2", decoder.hidden, bias);
    layer.column("ffn.up_proj", decoder.hidden, {decoder.intermediate}, {.bias = bias});
    layer.row("ffn.down_proj", decoder.intermediate, decoder.hidden, {.bias = bias});
  });
  describe_model(builder, decoder, model + ".blocks");
}

}  // namespace

extern const Entry mpt;
const Entry mpt{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
