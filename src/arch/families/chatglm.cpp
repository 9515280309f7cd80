// ChatGLM 2 and 3 and GLM-4-9B in its first format: everything on every stage, rotary positions on half of each head.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"ChatGLMModel", "ChatGLMForConditionalGeneration"};
constexpr std::string_view kMergedQkv[] = {"query_key_value"};
constexpr std::string_view kMergedGateUp[] = {"dense_h_to_4h"};

/// vLLM's own config class has its names and defaults.
///   source  vllm/transformers_utils/configs/chatglm.py
Decoder decoder_of(const Builder& builder) {
  const json::Fields& config = builder.text();
  Decoder decoder;
  decoder.hidden = config.count_or("hidden_size", 4096, 1);
  decoder.intermediate = config.count_or("ffn_hidden_size", 13696, 1);
  decoder.vocabulary = config.count_or("padded_vocab_size", 65024, 1);
  decoder.layers = config.has("num_layers")          ? builder.layers("num_layers")
                   : config.has("num_hidden_layers") ? builder.layers()
                                                     : 28;
  decoder.positions = config.count_or("seq_length", 2048, 1);
  decoder.heads.query = config.count_or("num_attention_heads", 32, 1);
  decoder.heads.kv = config.flag_or("multi_query_attention", false)
                         ? figure(config, {"multi_query_group_num", "n_head_kv"}, 1)
                         : decoder.heads.query;
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  decoder.tied = config.flag_or("tie_word_embeddings", true);
  return decoder;
}

/// source  vllm/model_executor/models/chatglm.py, ChatGLMForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = decoder_of(builder);
  const bool bias = config.flag_or("add_bias_linear", false);
  const bool qkv_bias = bias || config.flag_or("add_qkv_bias", false);
  const bool layer_norm = !config.flag_or("rmsnorm", true);
  // The config's own rope scaling is not looked at.
  const RotaryTable rotary =
      rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions, .partial = 0.5},
                   config.inner("none"));
  const LayerCache cache = attention_cache(builder, decoder.heads);
  const auto norm = [&](Block& block, const std::string& name) {
    layer_norm ? block.layer_norm(name, decoder.hidden) : block.rms_norm(name, decoder.hidden);
  };

  const std::string model = naming.under("transformer");
  const bool final_norm = config.flag_or("post_layer_norm", true);
  add_ends(builder, decoder, model, {naming.architecture, model},
           {.embedding = "embedding",
            .norm = final_norm ? "encoder.final_layernorm" : "",
            .head = "output_layer",
            .layer_norm = layer_norm,
            .every_stage = true});
  add_layers(builder, decoder, model + ".encoder.layers", [&](Block& layer, std::int64_t) {
    norm(layer, "input_layernorm");
    layer.qkv("self_attention.query_key_value", decoder.hidden, decoder.heads,
              {.bias = qkv_bias, .shards = kMergedQkv});
    layer.row("self_attention.dense", decoder.heads.query * decoder.heads.width, decoder.hidden, {.bias = bias});
    layer.rotary(rotary);
    layer.attention("self_attention.attn", cache);
    norm(layer, "post_attention_layernorm");
    layer.column("mlp.dense_h_to_4h", decoder.hidden, {decoder.intermediate, decoder.intermediate},
                 {.bias = bias, .shards = kMergedGateUp});
    layer.row("mlp.dense_4h_to_h", decoder.intermediate, decoder.hidden, {.bias = bias});
  });
  describe_model(builder, decoder, model + ".encoder.layers");
}

}  // namespace

extern const Entry chatglm;
const Entry chatglm{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
