// Falcon 7B, 40B and 180B: attention and MLP side by side, one or several key and value heads, rotary positions or
// ALiBi; everything on every stage.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"FalconForCausalLM", "RWForCausalLM"};
constexpr std::string_view kMergedQkv[] = {"query_key_value"};

struct Switches {
  bool grouped = false;  // new_decoder_architecture
  bool parallel = true;  // attention and MLP read the same input
  bool bias = false, alibi = false;
  std::int64_t norms = 1;  // of a layer
};

Switches switches_of(const json::Fields& config) {
  Switches switches{config.flag_or("new_decoder_architecture", false), config.flag_or("parallel_attn", true),
                    config.flag_or("bias", false), config.flag_or("alibi", false)};
  const std::int64_t in_parallel = config.count_or("num_ln_in_parallel_attn", switches.grouped ? 2 : 1);
  if (!switches.parallel || in_parallel == 2) switches.norms = 2;
  return switches;
}

Decoder decoder_of(const Builder& builder, const Switches& switches) {
  const json::Fields& config = builder.text();
  Decoder decoder;
  decoder.hidden = figure(config, {"n_embed", "hidden_size"}, 4544);
  decoder.vocabulary = figure(config, {"vocab_size"}, 65024);
  decoder.layers = config.has("num_hidden_layers") ? builder.layers()
                   : config.has("n_layer")         ? builder.layers("n_layer")
                                                   : 32;
  decoder.positions = figure(config, {"max_position_embeddings"}, 2048);
  decoder.heads.query = figure(config, {"num_attention_heads", "n_head"}, 71);
  const std::int64_t grouped = figure(config, {"num_kv_heads", "n_head_kv"}, decoder.heads.query);
  const bool single = config.flag_or("multi_query", true);
  decoder.heads.kv = switches.grouped ? grouped : single ? 1 : decoder.heads.query;
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  decoder.tied = config.flag_or("tie_word_embeddings", true);
  return decoder;
}

/// source  vllm/model_executor/models/falcon.py, FalconForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const Switches switches = switches_of(builder.text());
  const Decoder decoder = decoder_of(builder, switches);
  const RotaryTable rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  const LayerCache cache = attention_cache(builder, decoder.heads);
  const LinearOptions options{.bias = switches.bias};
  const bool two = switches.norms == 2;

  const std::string model = naming.under("transformer");
  add_ends(builder, decoder, model, naming,
           {.embedding = "word_embeddings", .norm = "ln_f", .layer_norm = true, .every_stage = true});
  add_layers(builder, decoder, model + ".h", [&](Block& layer, std::int64_t) {
    layer.qkv("self_attention.query_key_value", decoder.hidden, decoder.heads,
              {.bias = switches.bias, .shards = kMergedQkv});
    layer.row("self_attention.dense", decoder.hidden, decoder.hidden, options);
    if (!switches.alibi) layer.rotary(rotary);
    layer.attention_in_model_dtype("self_attention.attn", cache);
    layer.column("mlp.dense_h_to_4h", decoder.hidden, {4 * decoder.hidden}, options);
    layer.row("mlp.dense_4h_to_h", 4 * decoder.hidden, decoder.hidden, options);
    layer.layer_norm(two && switches.parallel ? "ln_attn" : "input_layernorm", decoder.hidden);
    if (two) layer.layer_norm(switches.parallel ? "ln_mlp" : "post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".h");
}

}  // namespace

extern const Entry falcon;
const Entry falcon{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
