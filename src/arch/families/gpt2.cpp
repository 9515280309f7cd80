// GPT-2 and Jais 1: learnt positions or ALiBi, LayerNorm, biases throughout; everything on every stage.
#include "arch/decoder.h"
#include "arch/pooling.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"GPT2LMHeadModel", "GPT2ForSequenceClassification", "JAISLMHeadModel"};
constexpr std::string_view kMergedQkv[] = {"c_attn"};

/// source  transformers' GPT2Config; vllm/transformers_utils/configs/jais.py
Decoder decoder_of(const Builder& builder) {
  const json::Fields& config = builder.text();
  Decoder decoder;
  decoder.hidden = figure(config, {"n_embd", "hidden_size"}, 768);
  decoder.intermediate = figure(config, {"n_inner"}, 4 * decoder.hidden);
  decoder.vocabulary = figure(config, {"vocab_size"}, 50257);
  decoder.layers = config.has("n_layer")             ? builder.layers("n_layer")
                   : config.has("num_hidden_layers") ? builder.layers()
                                                     : 12;
  decoder.positions = figure(config, {"n_positions", "max_position_embeddings"}, 1024);
  decoder.heads.query = figure(config, {"n_head", "num_attention_heads"}, 12);
  decoder.heads.kv = decoder.heads.query;
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  decoder.tied = config.flag_or("tie_word_embeddings", true);
  return decoder;
}

/// source  vllm/model_executor/models/gpt2.py, GPT2LMHeadModel; jais.py, JAISLMHeadModel
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = decoder_of(builder);
  const bool classifies = naming.architecture == "GPT2ForSequenceClassification";
  const bool jais = naming.architecture == "JAISLMHeadModel";
  const bool learnt_positions = !jais || config.text_or("position_embedding_type", "learned") != "alibi";
  const bool gated = jais && config.text_or("activation_function", "gelu_new") == "swiglu";
  const LayerCache cache = attention_cache(builder, decoder.heads);

  const std::string model = naming.under("transformer");
  add_ends(builder, decoder, model, naming,
           {.embedding = "wte", .norm = "ln_f", .layer_norm = true, .no_head = classifies, .every_stage = true});
  if (classifies) {
    Block score = builder.block("");
    head_linear(score, "score", decoder.hidden, num_labels(builder.config()), false, head_dtype(builder));
    builder.add_part("score", Part::Place::kEveryStage, std::move(score));
  }
  if (learnt_positions) {
    Block positions = builder.block(model);
    positions.tensor("wpe.weight", {decoder.positions, decoder.hidden});
    builder.add_part("positions", Part::Place::kEveryStage, std::move(positions));
  }
  add_layers(builder, decoder, model + ".h", [&](Block& layer, std::int64_t) {
    layer.layer_norm("ln_1", decoder.hidden);
    layer.qkv("attn.c_attn", decoder.hidden, decoder.heads, {.bias = true, .shards = kMergedQkv});
    layer.row("attn.c_proj", decoder.hidden, decoder.hidden, {.bias = true});
    layer.attention("attn.attn", cache);
    layer.layer_norm("ln_2", decoder.hidden);
    layer.column("mlp.c_fc", decoder.hidden, {decoder.intermediate}, {.bias = true});
    if (gated) layer.column("mlp.c_fc2", decoder.hidden, {decoder.intermediate}, {.bias = true});
    layer.row("mlp.c_proj", decoder.intermediate, decoder.hidden, {.bias = true});
  });
  describe_model(builder, decoder, model + ".h");
}

}  // namespace

extern const Entry gpt2;
const Entry gpt2{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
