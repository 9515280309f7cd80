// GPT-BigCode (StarCoder 1, SantaCoder): GPT-2 with one key and value head for all queries.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"GPTBigCodeForCausalLM"};
constexpr std::string_view kMergedQkv[] = {"c_attn"};

constexpr vllm::Step<bool> kByTransformers[] = {
    {{}, false, "vllm v0.24.0 vllm/model_executor/models/gpt_bigcode.py"},
    {{2026, 6, 24}, true, "~ vllm v0.25.1 vllm/model_executor/models/registry.py"},
};
/// Whether the Transformers backend recognises a merged projection of queries and one key and value head. transformers
/// has no plan of its own for dividing this model, so that all else stays whole on every rank.
constexpr vllm::Step<bool> kSplitsMerged[] = {
    {{}, false, "vllm v0.26.0 vllm/model_executor/models/transformers/fusers"},
    {{2026, 7, 19}, true, "~ vllm v0.27.0 vllm/model_executor/models/transformers/fusers/packed_qkv.py"},
};
static_assert(vllm::well_formed(kByTransformers) && vllm::well_formed(kSplitsMerged));

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
  decoder.heads.kv = config.flag_or("multi_query", true) ? 1 : decoder.heads.query;
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  decoder.tied = config.flag_or("tie_word_embeddings", true);
  return decoder;
}

/// source  vllm/model_executor/models/gpt_bigcode.py; transformers' modeling_gpt_bigcode.py
void describe(Builder& builder, const Naming& naming) {
  const Decoder decoder = decoder_of(builder);
  const vllm::Date day = builder.options().as_of;
  const bool by_transformers = vllm::in_force(kByTransformers, day);
  const bool divides_attention = !by_transformers || (vllm::in_force(kSplitsMerged, day) && decoder.heads.kv == 1);
  const LayerCache cache = attention_cache(builder, decoder.heads);

  using Place = Part::Place;
  const std::string model = naming.under(by_transformers ? "model" : "transformer");
  add_ends(builder, decoder, model, naming,
           {.embedding = "wte", .norm = "ln_f", .layer_norm = true, .every_stage = !by_transformers});
  Block positions = builder.block(model);
  positions.tensor("wpe.weight", {decoder.positions, decoder.hidden});
  const Place first = decoder.tied ? Place::kFirstAndLastStage : Place::kFirstStage;
  builder.add_part("positions", by_transformers ? first : Place::kEveryStage, std::move(positions));
  if (by_transformers) {
    Block mask = builder.block(model);
    mask.buffer("bias", {decoder.positions, decoder.positions}, Dtype::kBool);
    builder.add_part("mask", Place::kEveryStage, std::move(mask));
  }
  add_layers(builder, decoder, model + ".h", [&](Block& layer, std::int64_t) {
    layer.layer_norm("ln_1", decoder.hidden);
    layer.qkv("attn.c_attn", decoder.hidden, decoder.heads,
              {.bias = true, .whole = !divides_attention, .shards = kMergedQkv});
    layer.row("attn.c_proj", decoder.hidden, decoder.hidden, {.bias = true, .whole = !divides_attention});
    if (by_transformers)
      transformers_cache(layer, "attn.attn", cache);
    else
      layer.attention("attn.attn", cache);
    layer.layer_norm("ln_2", decoder.hidden);
    layer.column("mlp.c_fc", decoder.hidden, {decoder.intermediate}, {.bias = true, .whole = by_transformers});
    layer.row("mlp.c_proj", decoder.intermediate, decoder.hidden, {.bias = true, .whole = by_transformers});
  });
  describe_model(builder, decoder, model + ".h");
}

}  // namespace

extern const Entry gpt_bigcode;
const Entry gpt_bigcode{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
