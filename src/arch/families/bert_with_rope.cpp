#include "arch/families/bert_with_rope.h"

#include "arch/pooling.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"NomicBertModel", "GteNewModel", "GteModel",
                                               "GteNewForSequenceClassification"};
constexpr std::string_view kUpGate[] = {"up_gate_proj"};

constexpr Decoder kAbsent{768, 3072, 30528, 12, 8192, {12, 0, 0}, false};

/// Whether Nomic's table is as long as the context that is served, instead of the one that it was trained on.
constexpr vllm::Step<bool> kNomicFollowsContext[] = {
    {{}, false, "vllm v0.21.0 vllm/model_executor/models/config.py, NomicBertModelConfig"},
    {{2026, 5, 15}, true, "~ https://github.com/vllm-project/vllm/pull/41277, in v0.22.0"},
};
static_assert(vllm::well_formed(kNomicFollowsContext));

/// source  vllm/model_executor/models/bert_with_rope.py, NomicMoE
void experts(Block& layer, const RotaryEncoder& encoder) {
  const std::int64_t hidden = encoder.decoder.hidden, width = encoder.decoder.intermediate;
  layer.replicated("mlp.router", hidden, {encoder.experts}, {.quantised = false});
  layer.divided("mlp.w1", {{width, encoder.experts}}, {hidden});
  layer.divided("mlp.w2", {{width, encoder.experts}}, {hidden});
  layer.tensor("mlp.bias", {hidden});
}

void mlp(Block& layer, const RotaryEncoder& encoder) {
  const std::int64_t hidden = encoder.decoder.hidden, width = encoder.decoder.intermediate;
  if (encoder.gated)
    layer.column("mlp.gate_up_proj", hidden, {width, width}, {.bias = encoder.gate_bias, .shards = kUpGate});
  else
    layer.column("mlp.up_proj", hidden, {width}, {.bias = encoder.bias});
  layer.row("mlp.down_proj", width, hidden, {.bias = encoder.bias});
}

/// Nomic's config has GPT-2's names.
///   source  vllm/model_executor/models/config.py, NomicBertModelConfig
RotaryEncoder nomic(const Builder& builder) {
  const json::Fields& config = builder.text();
  const vllm::Date day = builder.options().as_of;
  RotaryEncoder encoder;
  Decoder& decoder = encoder.decoder;
  decoder.hidden = figure(config, {"n_embd", "hidden_size"}, 768);
  decoder.intermediate = figure(config, {"n_inner", "intermediate_size"}, 3072);
  decoder.vocabulary = figure(config, {"vocab_size"}, 30528);
  decoder.layers = config.has("n_layer") ? builder.layers("n_layer") : 12;
  decoder.heads.query = decoder.heads.kv = figure(config, {"n_head", "num_attention_heads"}, 12);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  const std::int64_t trained =
      figure(config, {"max_trained_positions"},
             vllm::in_force(kNomicFollowsContext, day) ? figure(config, {"max_position_embeddings"}, 2048) : 2048);
  const bool follows = vllm::in_force(kNomicFollowsContext, day) && builder.options().max_model_len > 0;
  decoder.positions = follows ? builder.options().max_model_len : trained;
  encoder.rotary =
      rotary_table(builder, {.head_width = decoder.heads.width,
                             .positions = decoder.positions,
                             .partial = partial_rotary(config, {"partial_rotary_factor", "rotary_emb_fraction"}, 1)});
  encoder.token_types = config.count_or("type_vocab_size", 2);
  encoder.bias = config.flag_or("qkv_proj_bias", true);
  encoder.gated = config.text_or("activation_function", "swiglu") == "swiglu";
  encoder.gate_bias = encoder.bias;
  encoder.experts = config.count_or("num_experts", 0);
  encoder.experts_every = config.count_or("moe_every_n_layers", 0);
  return encoder;
}

/// The gated pair has no bias, unlike everything else.
///   source  vllm/model_executor/models/bert_with_rope.py, GteNewModel
RotaryEncoder gte(const Builder& builder) {
  RotaryEncoder encoder;
  encoder.decoder = read_decoder(builder, kAbsent);
  encoder.rotary =
      rotary_table(builder, {.head_width = encoder.decoder.heads.width, .positions = encoder.decoder.positions});
  encoder.token_types = builder.text().count_or("type_vocab_size", 2);
  encoder.gated = true;
  return encoder;
}

void describe(Builder& builder, const Naming& naming) {
  const RotaryEncoder encoder = naming.architecture == "NomicBertModel" ? nomic(builder) : gte(builder);
  add_rotary_encoder(builder, naming.prefix, encoder);
  if (naming.architecture != "GteNewForSequenceClassification") return;
  const Dtype dtype = head_dtype(builder);
  Block head = builder.block("");
  head_linear(head, "new.pooler.dense", encoder.decoder.hidden, encoder.decoder.hidden, true, dtype);
  head_linear(head, "classifier", encoder.decoder.hidden, num_labels(builder.config()), true, dtype);
  builder.add_part("head", Part::Place::kEveryStage, std::move(head));
}

}  // namespace

void add_rotary_encoder(Builder& builder, const std::string& model, const RotaryEncoder& encoder) {
  const Decoder& decoder = encoder.decoder;
  const std::string prefix = model.empty() ? "" : model + '.';
  Block embeddings = builder.block(prefix + "embeddings");
  embeddings.embedding("word_embeddings", decoder.vocabulary, decoder.hidden);
  if (encoder.token_types > 0) embeddings.embedding("token_type_embeddings", encoder.token_types, decoder.hidden);
  embeddings.layer_norm("LayerNorm", decoder.hidden);
  builder.add_part("embeddings", Part::Place::kEveryStage, std::move(embeddings));

  const LayerCache cache = encoder_cache(decoder.heads);
  add_layers(builder, decoder, prefix + "encoder.layer", [&](Block& layer, std::int64_t i) {
    layer.qkv("attn.qkv_proj", decoder.hidden, decoder.heads, {.bias = encoder.bias});
    layer.rotary(encoder.rotary);
    layer.attention("attn.attn", cache);
    layer.row("attn.out_proj", decoder.hidden, decoder.hidden, {.bias = encoder.bias});
    const bool routed = encoder.experts > 0 && encoder.experts_every > 0 && i % encoder.experts_every == 1;
    routed ? experts(layer, encoder) : mlp(layer, encoder);
    layer.layer_norm("attn_ln", decoder.hidden);
    layer.layer_norm("mlp_ln", decoder.hidden);
  });
  describe_model(builder, decoder, prefix + "encoder.layer");
  builder.model.pipeline_parallel = false;
}

extern const Entry bert_with_rope;
const Entry bert_with_rope{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
