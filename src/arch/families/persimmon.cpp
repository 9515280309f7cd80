// Persimmon: LayerNorm, norms over each head, a plain MLP, biases; everything on every stage.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"PersimmonForCausalLM"};
constexpr std::string_view kMergedQkv[] = {"query_key_value"};

constexpr Decoder kAbsent{4096, 16384, 262144, 36, 16384, {64, 0, 0}, false};

/// source  vllm v0.25.1 vllm/model_executor/models/persimmon.py, PersimmonForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.kv = decoder.heads.query;
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  decoder.tied = false;  // the class looks at no such key
  const bool head_norms = config.flag_or("qk_layernorm", true);
  const RotaryTable rotary = rotary_table(builder, {.head_width = decoder.heads.width,
                                                    .positions = decoder.positions,
                                                    .partial = partial_rotary(config, {"partial_rotary_factor"}, 0.5)});
  const LayerCache cache = attention_cache(builder, decoder.heads);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.norm = "final_layernorm", .layer_norm = true, .every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    layer.qkv("self_attn.query_key_value", decoder.hidden, decoder.heads, {.bias = true, .shards = kMergedQkv});
    layer.row("self_attn.dense", decoder.hidden, decoder.hidden, {.bias = true});
    if (head_norms) {
      layer.layer_norm("self_attn.q_layernorm", decoder.heads.width);
      layer.layer_norm("self_attn.k_layernorm", decoder.heads.width);
    }
    layer.rotary(rotary);
    layer.attention("self_attn.attn", cache);
    layer.column("mlp.dense_h_to_4h", decoder.hidden, {decoder.intermediate}, {.bias = true});
    layer.row("mlp.dense_4h_to_h", decoder.intermediate, decoder.hidden, {.bias = true});
    layer.layer_norm("input_layernorm", decoder.hidden);
    layer.layer_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry persimmon;
const Entry persimmon{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
