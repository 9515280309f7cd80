// Llama and the models that vLLM builds with its class: a pre-norm decoder with grouped-query attention, rotary
// positions and a gated MLP.
#include "arch/builder.h"
#include "arch/families.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"LlamaForCausalLM"};

/// source  vllm/model_executor/models/llama.py, LlamaForCausalLM
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto started = Builder::start(source, options);
  if (!started) return started.error();
  Builder& builder = *started;
  const json::Fields& config = builder.text();

  const std::int64_t hidden = config.count("hidden_size");
  const std::int64_t intermediate = config.count("intermediate_size");
  const std::int64_t vocabulary = config.count("vocab_size");
  const std::int64_t query_heads = config.count("num_attention_heads");
  const QkvHeads heads{query_heads, kv_heads(config), head_width(config)};
  const bool attention_bias = config.flag_or("attention_bias", config.flag_or("bias", false));
  const bool mlp_bias = config.flag_or("mlp_bias", false);
  const RotaryTable rotary = rotary_table(config, heads.width, builder.dtype());
  const std::int64_t layers = builder.layers();
  const FullAttention cache{{heads.kv, heads.width, heads.width}};

  Block embedding = builder.block("model");
  embedding.embedding("embed_tokens", vocabulary, hidden);
  const bool tied = config.flag_or("tie_word_embeddings", false);
  builder.add_part("embedding", tied ? Part::Place::kFirstAndLastStage : Part::Place::kFirstStage,
                   std::move(embedding));

  for (std::int64_t i = 0; i < layers; ++i) {
    Block layer = builder.block("model.layers." + std::to_string(i));
    layer.qkv("self_attn.qkv_proj", hidden, heads, {.bias = attention_bias});
    layer.row("self_attn.o_proj", heads.query * heads.width, hidden, {.bias = attention_bias});
    layer.rotary(rotary);
    layer.attention("self_attn.attn", cache);
    gated_mlp(layer, "mlp", hidden, intermediate, {.bias = mlp_bias});
    layer.rms_norm("input_layernorm", hidden);
    layer.rms_norm("post_attention_layernorm", hidden);
    builder.add_layer(std::move(layer));
  }

  Block last = builder.block("");
  last.rms_norm("model.norm", hidden);
  if (!tied) last.head("lm_head", vocabulary, hidden);
  builder.add_part("head", Part::Place::kLastStage, std::move(last));

  builder.model.layer_prefix = "model.layers";
  builder.model.attention_heads = heads.query;
  builder.model.kv_heads = heads.kv;
  builder.model.head_width = heads.width;
  builder.model.hidden = hidden;
  builder.model.vocabulary = vocabulary;
  return builder.finish();
}

}  // namespace

extern const Entry llama;
const Entry llama{kArchitectures, build};

}  // namespace vram::arch::families
