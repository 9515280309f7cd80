// GPT-J: rotary positions on a part of each head, a head with a bias; everything on every stage.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"GPTJForCausalLM"};

Decoder decoder_of(const Builder& builder) {
  const json::Fields& config = builder.text();
  Decoder decoder;
  decoder.hidden = figure(config, {"n_embd", "hidden_size"}, 4096);
  decoder.intermediate = figure(config, {"n_inner"}, 4 * decoder.hidden);
  decoder.vocabulary = figure(config, {"vocab_size"}, 50400);
  decoder.layers = config.has("n_layer")             ? builder.layers("n_layer")
                   : config.has("num_hidden_layers") ? builder.layers()
                                                     : 28;
  decoder.positions = figure(config, {"n_positions", "max_position_embeddings"}, 2048);
  decoder.heads.query = figure(config, {"n_head", "num_attention_heads"}, 16);
  decoder.heads.kv = decoder.heads.query;
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  return decoder;
}

/// source  vllm/model_executor/models/gpt_j.py, GPTJForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = decoder_of(builder);
  if (config.flag_or("tie_word_embeddings", false))
    config.refuse("tie_word_embeddings", "vLLM takes GPT-J with untied embeddings only", "", ErrorCode::kUnsupported);
  const double partial = double(config.count_or("rotary_dim", 64, 1)) / double(decoder.heads.width);
  const SelfAttention attention{
      .rotary = rotary_table(builder,
                             {.head_width = decoder.heads.width, .positions = decoder.positions, .partial = partial}),
      .cache = attention_cache(builder, decoder.heads),
      .name = "attn",
      .output = "out_proj"};

  const std::string model = naming.under("transformer");
  add_ends(builder, decoder, model, naming,
           {.embedding = "wte", .norm = "ln_f", .layer_norm = true, .head_bias = true, .every_stage = true});
  add_layers(builder, decoder, model + ".h", [&](Block& layer, std::int64_t) {
    layer.layer_norm("ln_1", decoder.hidden);
    self_attention(layer, decoder, attention);
    layer.column("mlp.fc_in", decoder.hidden, {decoder.intermediate}, {.bias = true});
    layer.row("mlp.fc_out", decoder.intermediate, decoder.hidden, {.bias = true});
  });
  describe_model(builder, decoder, model + ".h");
}

}  // namespace

extern const Entry gptj;
const Entry gptj{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
