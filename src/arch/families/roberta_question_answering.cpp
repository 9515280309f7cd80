// BERT and RoBERTa that answer questions: vLLM has no class of its own for them and falls back on transformers'
// encoder, as a language model with tied embeddings.
#include "arch/decoder.h"
#include "arch/pooling.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"BertForQuestionAnswering", "RobertaForQuestionAnswering",
                                               "XLMRobertaForQuestionAnswering"};
constexpr std::string_view kEncoderQkv[] = {"query", "key", "value"};

constexpr Decoder kAbsent{768, 3072, 30522, 12, 512, {12, 0, 0}, true};

/// Whether whatever goes by a name with "vocab_size" in it is a vocabulary to the backend.
constexpr vllm::Step<bool> kTypesAreWords[] = {
    {{}, false, "vllm v0.29.0 vllm/model_executor/models/transformers/base.py: the input embedding alone"},
    {{2026, 9, 14}, true, "~vllm v0.30.0 vllm/model_executor/models/transformers/base.py, _vocab_embeddings"},
};
static_assert(vllm::well_formed(kTypesAreWords));

/// source  vllm/model_executor/models/transformers/base.py; transformers' modeling_roberta.py, which has no plan for
///         dividing itself: what the backend does not recognise stays whole on every rank
void describe(Builder& builder, const Naming& naming) {
  const Decoder decoder = read_decoder(builder, kAbsent);
  const std::string model = naming.under("model");
  using Place = Part::Place;
  Block embeddings = builder.block(model + ".embeddings");
  embeddings.embedding("word_embeddings", decoder.vocabulary, decoder.hidden);
  const std::int64_t types = builder.text().count_or("type_vocab_size", 2, 1);
  if (vllm::in_force(kTypesAreWords, builder.options().as_of))
    embeddings.embedding("token_type_embeddings", types, decoder.hidden);
  else
    embeddings.tensor("token_type_embeddings.weight", {types, decoder.hidden});
  embeddings.tensor("position_embeddings.weight", {decoder.positions, decoder.hidden});
  embeddings.layer_norm("LayerNorm", decoder.hidden);
  for (const char* name : {"position_ids", "token_type_ids"})
    embeddings.buffer(name, {1, decoder.positions}, Dtype::kInt64);
  builder.add_part("embeddings", Place::kFirstAndLastStage, std::move(embeddings));
  Block last = builder.block(model);
  last.replicated("pooler.dense", decoder.hidden, {decoder.hidden}, {.bias = true});
  builder.add_part("pooler", Place::kLastStage, std::move(last));

  const LayerCache cache = encoder_cache(decoder.heads);
  const LinearOptions whole{.bias = true, .whole = true};
  add_layers(builder, decoder, model + ".encoder.layer", [&](Block& layer, std::int64_t) {
    layer.qkv("attention.self.qkv_proj", decoder.hidden, decoder.heads, {.bias = true, .shards = kEncoderQkv});
    transformers_cache(layer, "attention.self.attn", cache);
    layer.row("attention.output.dense", decoder.hidden, decoder.hidden, whole);
    layer.layer_norm("attention.output.LayerNorm", decoder.hidden);
    layer.column("intermediate.dense", decoder.hidden, {decoder.intermediate}, whole);
    layer.row("output.dense", decoder.intermediate, decoder.hidden, whole);
    layer.layer_norm("output.LayerNorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".encoder.layer");
}

}  // namespace

extern const Entry roberta_question_answering;
const Entry roberta_question_answering{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
