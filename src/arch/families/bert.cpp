// BERT, RoBERTa and XLM-RoBERTa: encoders with learnt positions, and the heads that embed, fill in masks or classify.
#include "arch/families/bert_with_rope.h"
#include "arch/pooling.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"BertModel",
                                               "BertForMaskedLM",
                                               "BertSpladeSparseEmbeddingModel",
                                               "BertForSequenceClassification",
                                               "BertForTokenClassification",
                                               "RobertaModel",
                                               "RobertaForMaskedLM",
                                               "RobertaForSequenceClassification",
                                               "RobertaForTokenClassification",
                                               "XLMRobertaModel",
                                               "XLMRobertaForSequenceClassification",
                                               "XLMRobertaForTokenClassification",
                                               "BgeM3EmbeddingModel",
                                               "HF_ColBERT"};

bool is_roberta(std::string_view architecture) {
  return !architecture.starts_with("Bert") && architecture != "HF_ColBERT";
}

constexpr std::string_view kEncoderQkv[] = {"query", "key", "value"};

constexpr Decoder kAbsent{768, 3072, 30522, 12, 512, {12, 0, 0}, false};

/// The list of positions: a parameter of the model's dtype at first.
constexpr vllm::Step<bool> kPositionsAreBuffer[] = {
    {{}, false, "vllm v0.9.2 vllm/model_executor/models/bert.py, BertEmbedding"},
    {{2025, 7, 7}, true, "~ vllm v0.10.0 vllm/model_executor/models/bert.py, register_buffer"},
};
/// RoBERTa's tables of positions and token types were plain embeddings, whole on every rank.
constexpr vllm::Step<bool> kRobertaDividesTables[] = {
    {{}, false, "vllm v0.24.0 vllm/model_executor/models/roberta.py, RobertaEmbedding"},
    {{2026, 6, 24}, true, "~ vllm v0.25.1 vllm/model_executor/models/roberta.py, RobertaEmbedding"},
};
constexpr vllm::Step<bool> kPoolerInHeadDtype[] = {
    {{}, false, "vllm v0.13.0 vllm/model_executor/models/bert.py, BertPooler"},
    {{2025, 12, 13}, true, "~ vllm v0.14.1 vllm/model_executor/models/bert.py, BertPooler"},
};
/// Before, a RoBERTa that classifies tokens was taken for one that classifies sequences.
constexpr vllm::Step<bool> kRobertaClassifiesTokens[] = {
    {{}, false, "vllm v0.25.1 vllm/model_executor/models/registry.py"},
    {{2026, 7, 6}, true, "~ vllm v0.26.0 vllm/model_executor/models/roberta.py, RobertaForTokenClassification"},
};
static_assert(vllm::well_formed(kPositionsAreBuffer) && vllm::well_formed(kRobertaDividesTables) &&
              vllm::well_formed(kPoolerInHeadDtype) && vllm::well_formed(kRobertaClassifiesTokens));

/// source  vllm/model_executor/models/bert.py, BertEmbedding; roberta.py, RobertaEmbedding
void add_embeddings(Builder& builder, const Decoder& decoder, const std::string& model, bool roberta) {
  const vllm::Date day = builder.options().as_of;
  const std::int64_t types = builder.text().count_or("type_vocab_size", 2, 1);
  Block block = builder.block(model + ".embeddings");
  block.embedding("word_embeddings", decoder.vocabulary, decoder.hidden);
  if (!roberta || vllm::in_force(kRobertaDividesTables, day)) {
    block.embedding("position_embeddings", decoder.positions, decoder.hidden);
    block.embedding("token_type_embeddings", types, decoder.hidden);
  } else {
    block.tensor("position_embeddings.weight", {decoder.positions, decoder.hidden});
    block.tensor("token_type_embeddings.weight", {types, decoder.hidden});
  }
  block.layer_norm("LayerNorm", decoder.hidden);
  if (vllm::in_force(kPositionsAreBuffer, day))
    block.buffer("position_ids", {1, decoder.positions}, Dtype::kInt64);
  else
    block.tensor("position_ids", {1, decoder.positions});
  builder.add_part("embeddings", Part::Place::kEveryStage, std::move(block));
}

/// source  vllm/model_executor/models/bert.py, BertMLMHead
void mlm_head(Block& block, const Decoder& decoder) {
  head_linear(block, "mlm_head.dense", decoder.hidden, decoder.hidden, true, block.builder().dtype());
  block.layer_norm("mlm_head.layer_norm", decoder.hidden);
  head_linear(block, "mlm_head.decoder", decoder.hidden, decoder.vocabulary, true, block.builder().dtype());
}

void add_heads(Builder& builder, const Decoder& decoder, const std::string& architecture) {
  const Dtype dtype = head_dtype(builder);
  const vllm::Date as_of = builder.options().as_of;
  const std::int64_t hidden = decoder.hidden, labels = num_labels(builder.config());
  const bool roberta = is_roberta(architecture);
  Block block = builder.block("");
  const bool token_classifier = architecture.ends_with("ForTokenClassification");
  const bool as_sequences = roberta && token_classifier && !vllm::in_force(kRobertaClassifiesTokens, as_of);
  if (architecture.ends_with("ForSequenceClassification") || as_sequences) {
    if (roberta) {
      head_linear(block, "classifier.dense", hidden, hidden, true, dtype);
      head_linear(block, "classifier.out_proj", hidden, labels, true, dtype);
    } else {
      const bool wide = vllm::in_force(kPoolerInHeadDtype, as_of);
      head_linear(block, "bert.pooler.dense", hidden, hidden, true, wide ? dtype : builder.dtype());
      head_linear(block, "classifier", hidden, labels, true, dtype);
    }
  } else if (token_classifier) {
    head_linear(block, "classifier", hidden, labels, true, dtype);
  } else if (architecture == "BertForMaskedLM" || architecture == "BertSpladeSparseEmbeddingModel") {
    mlm_head(block, decoder);
  } else if (architecture == "BgeM3EmbeddingModel") {
    head_linear(block, "sparse_linear", hidden, 1, true, dtype);
    head_linear(block, "colbert_linear", hidden, hidden, true, dtype);
  } else if (architecture == "HF_ColBERT") {
    const std::int64_t width = figure(builder.config(), {"colbert_dim", "dim", "projection_dim"}, 0);
    if (width > 0) head_linear(block, "colbert_linear", hidden, width, false, dtype);
  }
  if (!block.modules.empty()) builder.add_part("head", Part::Place::kEveryStage, std::move(block));
}

/// Jina's embeddings on XLM-RoBERTa, with rotary positions. Tables are padded for a kernel.
///   source  vllm/model_executor/models/config.py, JinaRobertaModelConfig
RotaryEncoder jina(const Builder& builder, const Decoder& decoder) {
  constexpr std::int64_t kPositionsMultiple = 8;
  const json::Fields& config = builder.text();
  const std::int64_t width = config.count_or("rotary_emb_dim", decoder.heads.width, 1);
  RotaryEncoder encoder;
  encoder.decoder = decoder;
  encoder.rotary = rotary_table(builder, {.head_width = decoder.heads.width,
                                          .positions = round_up(decoder.positions, kPositionsMultiple),
                                          .partial = double(width) / double(decoder.heads.width)});
  encoder.token_types = config.count_or("type_vocab_size", 2);
  encoder.bias = config.flag_or("bias", true);
  return encoder;
}

/// source  vllm/model_executor/models/bert.py, BertLayer; roberta.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  const bool roberta = is_roberta(naming.architecture);
  const std::string positions = config.text_or("position_embedding_type", "absolute");
  if (roberta && positions == "rotary") {
    add_rotary_encoder(builder, naming.under("model"), jina(builder, decoder));
    return add_heads(builder, decoder, naming.architecture);
  }
  if (positions != "absolute")
    config.refuse("position_embedding_type", "\"" + positions + "\" is not modelled yet", "", ErrorCode::kUnsupported);
  const LayerCache cache = encoder_cache(decoder.heads);

  const std::string model = naming.under("model");
  add_embeddings(builder, decoder, model, roberta);
  add_heads(builder, decoder, naming.architecture);
  const LinearOptions biased{.bias = true};
  add_layers(builder, decoder, model + ".encoder.layer", [&](Block& layer, std::int64_t) {
    layer.qkv("attention.self.qkv_proj", decoder.hidden, decoder.heads, {.bias = true, .shards = kEncoderQkv});
    layer.attention("attention.self.attn", cache);
    layer.row("attention.output.dense", decoder.hidden, decoder.hidden, biased);
    layer.layer_norm("attention.output.LayerNorm", decoder.hidden);
    layer.column("intermediate.dense", decoder.hidden, {decoder.intermediate}, biased);
    layer.row("output.dense", decoder.intermediate, decoder.hidden, biased);
    layer.layer_norm("output.LayerNorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".encoder.layer");
  builder.model.pipeline_parallel = false;
}

}  // namespace

extern const Entry bert;
const Entry bert{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
