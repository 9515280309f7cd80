// Qwen3.8-Flash-Next (Qwen4Exp): gated delta nets, attention whose indexer picks groups of tokens in every fourth
// layer, experts in every layer, residual streams in place of norms, and embeddings of n-grams that stay in the host's
// memory.
#include <algorithm>

#include "arch/families/qwen3_5.h"
#include "arch/layer_kinds.h"
#include "arch/vision/qwen3_vision.h"
#include "arch/vision/tower.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Qwen4ExpForConditionalGeneration", "Qwen4ExpForCausalLM"};

/// source  transformers' Qwen4ExpTextConfig
constexpr Decoder kAbsent{2048, 0, 248320, 40, 32768, {16, 2, 256}, false};
constexpr GatedDelta kAbsentDelta{16, 32, 128, 128, 4};
constexpr SharedExperts kAbsentExperts{512, 10, 512, 512};

constexpr std::string_view kIndexedShards[] = {"q_proj", "k_proj", "v_proj"};

/// A merged projection has its rows padded to a multiple of this.
constexpr std::int64_t kAlignedMix = 16;
/// Positions of time, height and width beside each raw key, in elements of the keys.
constexpr std::int64_t kPositionElements = 3 * 4;

struct Indexed {
  std::int64_t heads = 0, kv_heads = 1, width = 0;
  std::int64_t budget = 0, ratio = 1;
};

struct Figures {
  Decoder decoder;
  RotaryTable rotary;
  GatedDelta delta;
  SharedExperts experts;
  std::optional<Dtype> state_dtype;
  std::optional<Indexed> indexed;
  std::int64_t streams = 1, rank = 0;  // hc_count and hc_lowrank
  bool mrope = false;

  [[nodiscard]] std::int64_t wide() const { return streams * decoder.hidden; }
};

Figures read(const Builder& builder) {
  const json::Fields& config = builder.text();
  Figures figures;
  figures.decoder = read_decoder(builder, kAbsent);
  figures.rotary = quarter_rotary_table(builder, figures.decoder, qwen3_mrope_factor(builder));
  figures.delta = gated_delta(config, kAbsentDelta);
  figures.experts = shared_experts(config, kAbsentExperts);
  figures.state_dtype = read_dtype(config.text_or("mamba_ssm_dtype", ""));
  figures.streams = config.count_or("hc_count", 4, 1);
  figures.rank = config.count_or("hc_lowrank", 320, 1);
  figures.mrope = rope_parameters(config).has("mrope_section");
  if (config.has("indexer_n_heads"))
    figures.indexed = Indexed{config.count("indexer_n_heads"), config.count_or("indexer_kv_heads", 1, 1),
                              config.count_or("indexer_head_dim", 128, 1), config.count_or("indexer_budget", 2048, 1),
                              config.count_or("indexer_compress_ratio", 4, 1)};
  return figures;
}

/// The mixing of streams; `last`: before the head, where nothing is put back.
/// source  vllm/models/qwen4_exp/nvidia/hyperconnection.py, GatedResidual
void add_streams(Block& block, const std::string& name, const Figures& figures, bool last) {
  const std::int64_t wide = figures.wide();
  const LinearOptions plain{.quantised = false, .dtype = Dtype::kBfloat16};
  block.tensor(name + ".hc_norm.weight", {wide}, Dtype::kBfloat16);
  if (last) {
    block.replicated(name + ".input_mix_weight_down", wide, {figures.rank}, plain);
  } else {
    const std::int64_t rows = figures.rank + figures.streams, padding = round_up(rows, kAlignedMix) - rows;
    block.replicated(name + ".input_mix_weight_down_block_inject", wide, {figures.rank, figures.streams, padding},
                     plain);
  }
  block.replicated(name + ".input_mix_weight_up", figures.rank, {wide}, plain);
}

/// source  vllm/models/qwen4_exp/nvidia/qsa.py, Qwen4ExpQSAAttention; indexer_qsa.py, QSAIndexer
void add_indexed_attention(Block& layer, const Figures& figures) {
  const Decoder& decoder = figures.decoder;
  const Indexed& indexed = *figures.indexed;
  const QkvHeads& heads = decoder.heads;
  const Columns kv{heads.kv, heads.width, Columns::Split::kReplicated};
  layer.linear("self_attn.qkv_proj", decoder.hidden,
               {{2 * heads.query, heads.width},
                kv,
                kv,
                {(indexed.heads + indexed.kv_heads) * indexed.width, 1, Columns::Split::kWhole}},
               Linear::Input::kWhole, {.shards = kIndexedShards});
  layer.row("self_attn.o_proj", heads.query * heads.width, decoder.hidden);
  layer.rotary(figures.rotary);
  layer.rms_norm("self_attn.q_norm", heads.width);
  layer.rms_norm("self_attn.k_norm", heads.width);
  layer.attention("self_attn.attn", IndexedAttention{{heads.kv, heads.width, heads.width}});
  layer.rms_norm("self_attn.indexer.q_layernorm", indexed.width);
  layer.rms_norm("self_attn.indexer.k_layernorm", indexed.width);
  layer.cache("self_attn.indexer.raw_key_cache",
              KeyRing{figures.mrope ? round_up(indexed.width, 4) + kPositionElements : indexed.width, indexed.ratio});
  layer.cache("self_attn.indexer.compressed_key_cache", PooledKeys{indexed.width, indexed.ratio});
  layer.buffer("self_attn.topk_indices_buffer",
               {layer.builder().options().max_num_batched_tokens, indexed.budget + indexed.ratio}, Dtype::kInt32);
}

/// Embeddings of n-grams before a layer, whose tables are in the host's memory unless --engram-config says otherwise.
/// source  vllm/models/qwen4_exp/nvidia/ple_layer.py, Qwen4ExpPLELayer; ngram_embedding.py
void add_ngrams(Block& layer, const Figures& figures) {
  const json::Fields& config = layer.builder().text();
  const std::int64_t size = config.count_or("ngram_size", 3, 2), kernel = config.count_or("ple_conv_kernel_size", 4, 1);
  const std::int64_t heads = (size - 1) * config.count_or("heads_per_ngram", 8, 1), wide = figures.wide();
  layer.buffer("ple.ple_embedding.layer_multipliers", {size}, Dtype::kInt64);
  layer.buffer("ple.ple_embedding.ngram_heads_vocab_sizes", {heads}, Dtype::kInt64);
  layer.buffer("ple.ple_embedding.ngram_heads_offsets", {heads}, Dtype::kInt64);
  layer.replicated("ple.kv_proj", config.count("ple_embed_dim"), {wide, figures.decoder.hidden});
  for (const char* norm : {"ple.norm_key", "ple.norm_query", "ple.norm_conv"}) layer.rms_norm(norm, wide);
  layer.tensor("ple.conv1d.weight", {wide, 1, kernel});
  ShortConvState state;
  state.width = wide;
  state.kernel = (kernel - 1) * size + 1;
  state.whole = true;
  layer.cache("ple", state);
}

/// source  vllm/models/qwen4_exp/nvidia/model.py, Qwen4ExpDecoderLayer
void add_layer(Block& layer, const Figures& figures, bool recurrent, bool ngrams) {
  const std::int64_t hidden = figures.decoder.hidden;
  if (ngrams) add_ngrams(layer, figures);
  if (recurrent)
    gated_delta_net(layer, "linear_attn", hidden, figures.delta, GatedDeltaLayout::kSeparate, figures.state_dtype);
  else if (figures.indexed)
    add_indexed_attention(layer, figures);
  else
    add_gated_attention(layer, figures.decoder, figures.rotary);
  add_shared_experts(layer, figures.experts, hidden);
  add_streams(layer, "attn_hyper_connection", figures, false);
  add_streams(layer, "mlp_hyper_connection", figures, false);
}

/// source  vllm/models/qwen4_exp/nvidia/model.py, Qwen4ExpForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Figures figures = read(builder);
  const Decoder& decoder = figures.decoder;
  // transformers has called layers with an indexer by three names.
  const std::vector<std::string> kinds = layer_kinds(
      config, "layer_types", decoder.layers,
      every(config.count_or("full_attention_interval", 4, 1), decoder.layers, "full_attention", "linear_attention"),
      {"linear_attention", "full_attention", "indexed_attention", "qwen_sparse_attention"});
  const std::vector<std::int64_t> ngrams = config.counts("ple_layer_ids");

  const std::string model = naming.under("model");
  builder.model.language_class = "Qwen4ExpForCausalLM";
  add_ends(builder, decoder, model, naming, {.norm = "", .embedding_on_every_stage = true});
  Block mixer = builder.block(model);
  add_streams(mixer, "hyper_connection_mixer", figures, true);
  builder.add_part("streams", Part::Place::kLastStage, std::move(mixer));
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    const bool reads = std::find(ngrams.begin(), ngrams.end(), i + 1) != ngrams.end();
    add_layer(layer, figures, kinds[std::size_t(i)] == "linear_attention", reads);
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.recurrent = true;
}

/// source  vllm/models/qwen4_exp/nvidia/model.py, Qwen4ExpForConditionalGeneration
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kVisualNames});
  if (!builder) return builder.error();
  const bool whole = source.architecture == "Qwen4ExpForConditionalGeneration";
  if (whole) add_qwen3_vision(*builder, "visual", 0);
  describe(*builder, {"Qwen4ExpForCausalLM", whole ? "language_model" : ""});
  return builder->finish();
}

}  // namespace

extern const Entry qwen4_exp;
const Entry qwen4_exp{kArchitectures, build};

}  // namespace vram::arch::families
