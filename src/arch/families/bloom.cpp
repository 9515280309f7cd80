// Bloom: ALiBi, a norm behind the embedding, biases; everything on every stage.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"BloomForCausalLM"};
constexpr std::string_view kMergedQkv[] = {"query_key_value"};

/// source  vllm/model_executor/models/bloom.py, BloomForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder;
  decoder.hidden = figure(config, {"n_embed", "hidden_size"}, 64);
  decoder.vocabulary = figure(config, {"vocab_size"}, 250880);
  decoder.layers = config.has("n_layer")             ? builder.layers("n_layer")
                   : config.has("num_hidden_layers") ? builder.layers()
                                                     : 2;
  decoder.heads.query = decoder.heads.kv = figure(config, {"n_head", "num_attention_heads"}, 8);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  decoder.tied = config.flag_or("tie_word_embeddings", true);
  const LayerCache cache = attention_cache(builder, decoder.heads);

  const std::string model = naming.under("transformer");
  add_ends(builder, decoder, model, naming,
           {.embedding = "word_embeddings", .norm = "ln_f", .layer_norm = true, .every_stage = true});
  Block norm = builder.block(model);
  norm.layer_norm("word_embeddings_layernorm", decoder.hidden);
  builder.add_part("embedding norm", Part::Place::kEveryStage, std::move(norm));
  add_layers(builder, decoder, model + ".h", [&](Block& layer, std::int64_t) {
    layer.layer_norm("input_layernorm", decoder.hidden);
    layer.qkv("self_attention.query_key_value", decoder.hidden, decoder.heads, {.bias = true, .shards = kMergedQkv});
    layer.row("self_attention.dense", decoder.hidden, decoder.hidden, {.bias = true});
    layer.attention("self_attention.attn", cache);
    layer.layer_norm("post_attention_layernorm", decoder.hidden);
    layer.column("mlp.dense_h_to_4h", decoder.hidden, {4 * decoder.hidden}, {.bias = true});
    layer.row("mlp.dense_4h_to_h", 4 * decoder.hidden, decoder.hidden, {.bias = true});
  });
  describe_model(builder, decoder, model + ".h");
}

}  // namespace

extern const Entry bloom;
const Entry bloom{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
