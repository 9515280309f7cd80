// TeleChat 1 and 2: Llama's layers under other names, with a bias on the second half of each block alone.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"TeleChat2ForCausalLM", "TeleChatForCausalLM"};

/// source  vllm/model_executor/models/telechat2.py, TeleChat2Model
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder;
  decoder.hidden = config.count("hidden_size");
  decoder.intermediate = figure(config, {"ffn_hidden_size", "intermediate_size"}, 12288);
  decoder.vocabulary = config.count("vocab_size");
  decoder.layers = builder.layers(config.has("n_layer") ? "n_layer" : "num_hidden_layers");
  decoder.positions = config.count_or("max_position_embeddings", 8192, 1);
  decoder.heads.query = figure(config, {"n_head", "num_attention_heads"}, 32);
  decoder.heads.kv = config.count_or("num_key_value_heads", decoder.heads.query, 1);
  decoder.heads.width = config.count_or("head_dim", decoder.hidden / decoder.heads.query, 1);
  decoder.tied = config.flag_or("tie_word_embeddings", true);
  SelfAttention attention{.output_bias = true, .cache = attention_cache(builder, decoder.heads)};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    self_attention(layer, decoder, attention);
    layer.column("mlp.gate_up_proj", decoder.hidden, {decoder.intermediate, decoder.intermediate});
    layer.row("mlp.down_proj", decoder.intermediate, decoder.hidden, {.bias = true});
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry telechat2;
const Entry telechat2{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
