// GPT-NeoX (Pythia, RedPajama-INCITE): rotary positions on a quarter of each head, LayerNorm, biases.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"GPTNeoXForCausalLM"};
constexpr std::string_view kMergedQkv[] = {"query_key_value"};

constexpr Decoder kAbsent{6144, 24576, 50432, 44, 2048, {64, 0, 0}, false};

constexpr vllm::Step<bool> kByTransformers[] = {
    {{}, false, "vllm v0.31.0 vllm/model_executor/models/gpt_neox.py"},
    {{2026, 10, 2}, true, "~ vllm v0.32.0 vllm/model_executor/models/registry.py"},
};
static_assert(vllm::well_formed(kByTransformers));

/// source  vllm/model_executor/models/gpt_neox.py; transformers' modeling_gpt_neox.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.kv = decoder.heads.query;
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  const bool by_transformers = vllm::in_force(kByTransformers, builder.options().as_of);
  const bool bias = config.flag_or("attention_bias", true);
  const double partial = partial_rotary(config, {"partial_rotary_factor", "rotary_pct"}, 0.25);
  const RotaryTable rotary =
      rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions, .partial = partial});
  const LayerCache cache = attention_cache(builder, decoder.heads);

  const std::string model = naming.under(by_transformers ? "model" : "gpt_neox");
  add_ends(builder, decoder, model, naming,
           {.embedding = "embed_in",
            .norm = "final_layer_norm",
            .head = by_transformers ? "lm_head" : "embed_out",
            .layer_norm = true,
            .every_stage = !by_transformers});
  if (by_transformers) add_transformers_rotary(builder, model, std::int64_t(double(decoder.heads.width) * partial));
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    layer.layer_norm("input_layernorm", decoder.hidden);
    layer.layer_norm("post_attention_layernorm", decoder.hidden);
    layer.qkv("attention.query_key_value", decoder.hidden, decoder.heads, {.bias = bias, .shards = kMergedQkv});
    layer.row("attention.dense", decoder.hidden, decoder.hidden, {.bias = bias});
    if (by_transformers)
      transformers_cache(layer, "attention.attn", cache);
    else
      layer.rotary(rotary).attention("attention.attn", cache);
    layer.column("mlp.dense_h_to_4h", decoder.hidden, {decoder.intermediate}, {.bias = true});
    layer.row("mlp.dense_4h_to_h", decoder.intermediate, decoder.hidden, {.bias = true});
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry gpt_neox;
const Entry gpt_neox{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
