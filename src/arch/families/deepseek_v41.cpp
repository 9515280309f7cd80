// DeepSeek-V4.1: DeepSeek-V4's layers, of which a few keep compressed rows for those above them, embeddings of n-grams
// that stay in the host's memory, and a tower for images.
#include <algorithm>

#include "arch/deepseek_v4_layers.h"
#include "arch/vision/tower.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"DeepseekV41ForCausalLM"};
constexpr std::string_view kCompressorShards[] = {"wkv", "wgate"};

/// source  vllm/models/deepseek_v41/compressor.py, DeepseekCompressor
constexpr std::int64_t kRowWidth = 512, kRotatedWidth = 64;

struct Figures : DeepseekV4Figures {
  std::vector<std::int64_t> ratios;                      // a layer; 0: a window alone
  std::vector<std::int64_t> row_sources, index_sources;  // layers with rows, and with an indexer
  std::vector<std::int64_t> ngram_layers;
  std::int64_t ngram_heads = 0, ngram_width = 0, ngram_lengths = 0;
};

bool among(const std::vector<std::int64_t>& layers, std::int64_t i) {
  return std::find(layers.begin(), layers.end(), i) != layers.end();
}

/// The last of `sources` up to layer `i`; -1: none.
std::int64_t last_source(const std::vector<std::int64_t>& sources, std::int64_t i) {
  std::int64_t last = -1;
  for (const std::int64_t source : sources)
    if (source <= i) last = std::max(last, source);
  return last;
}

/// source  vllm/models/deepseek_v41/attention.py, DeepseekV4Attention.__init__
void check_sources(const json::Fields& config, const Figures& figures) {
  for (std::int64_t i = 0; i < figures.decoder.layers; ++i) {
    const std::int64_t ratio = figures.ratios[std::size_t(i)];
    const std::string layer = std::to_string(i), found = std::to_string(ratio);
    if (ratio > 2)
      return config.refuse("compress_ratios",
                           "DeepSeek V4.1 layer " + layer + " has compress_ratio=" + found +
                               "; only 0 (sliding window), 1 and 2 are supported.",
                           "", ErrorCode::kRefused);
    if (ratio > 0 && (figures.row_sources.empty() || figures.index_sources.empty()))
      return config.refuse("kv_source_layer_ids",
                           "DeepSeek V4.1 requires kv_source_layer_ids / index_source_layer_ids in the config for "
                           "compressed layers (layer " +
                               layer + " has compress_ratio=" + found + ").",
                           "", ErrorCode::kRefused);
    const std::int64_t source = last_source(figures.row_sources, i);
    if (ratio > 0 && (source < 0 || last_source(figures.index_sources, i) < 0))
      return config.refuse("kv_source_layer_ids", "layer " + layer + " has none at or below it", "",
                           ErrorCode::kRefused);
    if (ratio == 0 && (among(figures.row_sources, i) || among(figures.index_sources, i)))
      return config.refuse("compress_ratios", "layer " + layer + " is a source of rows, but its ratio is 0");
  }
}

Figures read(const Builder& builder) {
  const json::Fields& config = builder.text();
  Figures figures{read_deepseek_v4(builder), config.counts("compress_ratios"), config.counts("kv_source_layer_ids"),
                  config.counts("index_source_layer_ids"), config.counts("engram_layer_ids")};
  figures.decoder.tied = false;
  figures.ratios.resize(std::size_t(figures.decoder.layers), 0);
  if (!figures.row_sources.empty() && (figures.decoder.heads.width != kRowWidth || figures.rope != kRotatedWidth))
    config.refuse("head_dim", "compressed rows are 512 wide with a qk_rope_head_dim of 64", "", ErrorCode::kRefused);
  check_sources(config, figures);
  if (figures.ngram_layers.empty()) return figures;
  figures.ngram_lengths = config.count("engram_max_ngram_size", 2) - 1;
  figures.ngram_heads = config.count("engram_n_heads", 1);
  figures.ngram_width = config.count("engram_head_dim", 1);
  return figures;
}

/// source  vllm/models/deepseek_v41/attention.py, DeepseekV4Indexer: keys are made of the compressor's rows
void add_indexer(Block& layer, const Figures& figures, bool owns_keys, std::int64_t ratio) {
  const std::int64_t width = figures.index_width;
  layer.replicated("attn.indexer.wq_b", figures.query_rank, {width * figures.index_heads});
  layer.replicated("attn.indexer.weights_proj", figures.decoder.hidden, {figures.index_heads}, {.quantised = false});
  if (!owns_keys) return;
  layer.replicated("attn.indexer.wk", figures.decoder.heads.width, {width}, {.quantised = false});
  layer.rms_norm("attn.indexer.k_norm", width);
  layer.cache("attn.indexer.k_cache", CompressedIndexer{width, ratio, CompressedClass::kV41});
}

/// source  vllm/models/deepseek_v41/compressor.py, DeepseekCompressor: no gate where every token is a row
void add_compressor(Block& layer, const Figures& figures, std::int64_t ratio) {
  const std::int64_t width = figures.decoder.heads.width;
  const std::vector<std::int64_t> outputs(ratio > 1 ? 2 : 1, width);
  layer.replicated("attn.compressor.fused_wkv_wgate", figures.decoder.hidden, outputs,
                   {.quantised = false, .shards = kCompressorShards});
  layer.rms_norm("attn.compressor.norm", width);
  if (ratio > 1) layer.cache("attn.compressor.state_cache", CompressorState{width, ratio, CompressedClass::kV41});
}

/// source  vllm/models/deepseek_v41/attention.py, DeepseekV4Attention
void add_attention(Block& layer, const Figures& figures, std::int64_t i) {
  const std::int64_t ratio = figures.ratios[std::size_t(i)], width = figures.decoder.heads.width;
  const bool owns_rows = among(figures.row_sources, i), indexes = among(figures.index_sources, i);
  // FlashMLA wants 64 or 128 query heads, FlashInfer on compute capability 12 eight at least.
  add_deepseek_v4_attention(layer, figures, layer.builder().options().capability / 10 == 12 ? 8 : 64);
  layer.rotary(ratio > 0 ? figures.compressed : figures.plain);
  if (owns_rows) layer.cache("attn", CompressedLatent{width, ratio, CompressedClass::kV41});
  if (indexes) add_indexer(layer, figures, owns_rows, ratio);
  layer.cache("attn.swa_cache",
              LatentWindow{width, figures.window,
                           V41Layer{figures.groups, ratio > 0 ? last_source(figures.row_sources, i) : -1, indexes}});
  if (owns_rows) add_compressor(layer, figures, ratio);
}

/// Embeddings of n-grams before a layer. Their tables are in the host's memory, where --engram-config leaves them.
/// source  vllm/models/deepseek_v41/common/engram.py, Engram
void add_ngrams(Block& layer, const Figures& figures) {
  const std::int64_t hidden = figures.decoder.hidden;
  layer.tensor("engram.q_weight", {figures.streams, hidden}, Dtype::kBfloat16);
  layer.tensor("engram.k_weight", {figures.streams, hidden}, Dtype::kBfloat16);
  layer.column("engram.wkv", figures.ngram_lengths * figures.ngram_heads * figures.ngram_width,
               {hidden * (figures.streams + 1)}, {.tokens = TokenSplit::kWholeOnOneStage});
}

/// What turns tokens into n-grams, with the first of their layers; another stage with such layers has half a MiB of it
/// too, which is not counted. How many tokens there are, only the tokenizer says: taken to be the whole vocabulary.
/// source  vllm/models/deepseek_v41/common/engram.py, NgramHashState
void add_hashes(Block& layer, const Figures& figures) {
  const auto layers = std::int64_t(figures.ngram_layers.size());
  layer.buffer("engram_hash.token_map", {figures.decoder.vocabulary}, Dtype::kInt32);
  layer.buffer("engram_hash.primes", {layers, figures.ngram_lengths, figures.ngram_heads}, Dtype::kInt64);
  layer.buffer("engram_hash.offsets", {layers, figures.ngram_lengths * figures.ngram_heads}, Dtype::kInt64);
  layer.buffer("engram_hash.multipliers", {layers, figures.ngram_lengths + 1}, Dtype::kInt64);
}

/// source  vllm/models/deepseek_v41/nvidia/model.py, DeepseekV4Model
void describe(Builder& builder, const Figures& figures, bool vision) {
  const Decoder& decoder = figures.decoder;
  const std::string model = "language_model.model";
  const auto ngrams = std::min_element(figures.ngram_layers.begin(), figures.ngram_layers.end());
  const std::int64_t first_ngrams = ngrams == figures.ngram_layers.end() ? -1 : *ngrams;
  add_ends(builder, decoder, model, {"DeepseekV41ForCausalLM", "language_model"});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    if (among(figures.ngram_layers, i)) add_ngrams(layer, figures);
    if (i == first_ngrams) add_hashes(layer, figures);
    add_attention(layer, figures, i);
    add_deepseek_v4_experts(layer, builder.text(), figures, {.vision = vision});
    add_deepseek_v4_norms(layer, figures);
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.latent_attention = true;
}

/// source  vllm/models/deepseek_v4/common/vision.py, DeepseekV4ViT and DeepseekV4Aligner
void add_vision(Builder& builder, const json::Fields& vision) {
  const std::int64_t hidden = vision.count_or("hidden_size", 1024, 1), patch = vision.count_or("patch_size", 14, 1);
  const std::int64_t heads = vision.count_or("num_attention_heads", 16, 1);
  const std::int64_t intermediate = vision.count_or("intermediate_size", 2816, 1);
  const std::int64_t merge = vision.count_or("downsample_ratio", 3, 1);
  const std::int64_t out = builder.text().count_or("hidden_size", 4096, 1);
  const LinearOptions plain{.quantised = false}, biased{.bias = true, .quantised = false};
  const Tower tower{.role = Part::Role::kImages, .whole_with_data = true, .whole_unless = heads};

  Block ends = builder.block("vision");
  ends.replicated("patch_embed.proj", 3 * patch * patch, {hidden}, biased);
  ends.rms_norm("norm", hidden);
  add_tower_part(builder, tower, std::move(ends));
  add_tower_layers(builder, tower, "vision.blocks", vision.count_or("num_hidden_layers", 0),
                   [&](Block& layer, std::int64_t) {
                     layer.rms_norm("norm1", hidden);
                     layer.qkv("attn.wqkv", hidden, {heads, heads, hidden / heads}, biased);
                     layer.row("attn.wo", hidden, hidden, biased);
                     layer.rms_norm("norm2", hidden);
                     layer.column("mlp.w1", hidden, {intermediate, intermediate}, plain);
                     layer.row("mlp.w2", intermediate, hidden, plain);
                   });
  Block aligner = builder.block("aligner");
  aligner.column("w1", hidden * merge * merge, {out}, biased);
  aligner.row("w2", out, out, biased);
  add_tower_part(builder, tower, std::move(aligner));
  Block marks = builder.block("");
  for (const char* mark : {"image_start", "image_end", "image_newline"}) marks.tensor(mark, {out}, Dtype::kFloat32);
  builder.add_part("marks of images", Part::Place::kEveryStage, std::move(marks));
}

/// source  vllm/models/deepseek_v41/nvidia/vl_model.py, DeepseekV41ForCausalLM
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const json::Fields vision = builder->config().inner("vision_config");
  add_vision(*builder, vision);
  describe(*builder, read(*builder), vision.count_or("num_hidden_layers", 0) > 0);
  return builder->finish();
}

}  // namespace

extern const Entry deepseek_v41;
const Entry deepseek_v41{kArchitectures, build};

}  // namespace vram::arch::families
