// DeepSeek-V4: one KV head in a window of latest rows, compressed rows of older tokens in most layers, several residual
// streams, experts in every layer.
#include <algorithm>

#include "arch/deepseek_v4_layers.h"
#include "arch/draft.h"
#include "arch/streams.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"DeepseekV4ForCausalLM", "DeepSeekV4MTPModel"};

constexpr std::string_view kCompressorShards[] = {"wkv", "wgate"};

struct Figures : DeepseekV4Figures {
  std::vector<std::int64_t> ratios;  // a layer; 1: nothing is compressed
  std::int64_t hash_layers = 0;      // the first ones choose experts by token id
};

/// Tokens that a compressed row stands for, layer by layer.
std::vector<std::int64_t> read_ratios(const json::Fields& config, std::int64_t layers) {
  const json::Fields rates = config.inner("compress_rates");
  const std::int64_t sparse = rates.count_or("compressed_sparse_attention", 4, 1);
  const std::int64_t heavy = rates.count_or("heavily_compressed_attention", 128, 1);
  std::vector<std::int64_t> ratios;
  for (const std::string& type : config.texts("layer_types"))
    ratios.push_back(type == "compressed_sparse_attention"    ? sparse
                     : type == "heavily_compressed_attention" ? heavy
                                                              : 1);
  if (ratios.empty()) ratios = config.counts("compress_ratios");
  if (ratios.empty())
    for (std::int64_t i = 0; i < layers; ++i) ratios.push_back(i >= 2 && i % 2 == 1 ? sparse : heavy);
  if (std::int64_t(ratios.size()) < layers)
    config.refuse("compress_ratios", "names " + std::to_string(ratios.size()) + " layers of " + std::to_string(layers));
  ratios.resize(std::size_t(layers), 1);
  for (std::int64_t& ratio : ratios) ratio = std::max<std::int64_t>(ratio, 1);
  return ratios;
}

Figures read(const Builder& builder) {
  const json::Fields& config = builder.text();
  Figures figures{read_deepseek_v4(builder), {}, config.count_or("num_hash_layers", 3)};
  figures.ratios = read_ratios(config, figures.decoder.layers);
  if (config.has("mlp_layer_types")) {
    figures.hash_layers = 0;
    for (const std::string& type : config.texts("mlp_layer_types")) figures.hash_layers += type == "hash_moe";
  }
  return figures;
}

/// source  vllm/models/deepseek_v4/compressor.py, DeepseekCompressor
void add_compressor(Block& layer, const std::string& name, std::int64_t hidden, std::int64_t width,
                    std::int64_t ratio) {
  const std::int64_t rows = ratio == 4 ? 2 * width : width;  // neighbours overlap
  layer.tensor(name + ".ape", {ratio, rows}, Dtype::kFloat32);
  layer.replicated(name + ".fused_wkv_wgate", hidden, {rows, rows}, {.quantised = false, .shards = kCompressorShards});
  layer.rms_norm(name + ".norm", width);
  layer.cache(name + ".state_cache", CompressorState{width, ratio});
}

/// source  vllm/models/deepseek_v4/attention.py, DeepseekV4Indexer
void add_indexer(Block& layer, const Figures& figures, std::int64_t ratio) {
  const std::int64_t width = figures.index_width;
  layer.replicated("attn.indexer.wq_b", figures.query_rank, {width * figures.index_heads});
  layer.replicated("attn.indexer.weights_proj", figures.decoder.hidden, {figures.index_heads}, {.quantised = false});
  layer.cache("attn.indexer.k_cache", CompressedIndexer{width, ratio});
  add_compressor(layer, "attn.indexer.compressor", figures.decoder.hidden, width, ratio);
}

/// source  vllm/models/deepseek_v4/attention.py, DeepseekV4Attention
void add_attention(Block& layer, const Figures& figures, std::int64_t ratio) {
  const std::int64_t hidden = figures.decoder.hidden, width = figures.decoder.heads.width;
  // FlashMLA wants 64 or 128 query heads, FlashInfer on compute capability 12 eight at least.
  add_deepseek_v4_attention(layer, figures, layer.builder().options().capability / 10 == 12 ? 8 : 64);
  layer.rotary(ratio > 1 ? figures.compressed : figures.plain);
  if (ratio == 4) add_indexer(layer, figures, ratio);
  layer.cache("attn.swa_cache", LatentWindow{width, figures.window});
  if (ratio > 1) {
    layer.cache("attn", CompressedLatent{width, ratio});
    add_compressor(layer, "attn.compressor", hidden, width, ratio);
  }
}

void add_layer(Block& layer, const json::Fields& config, const Figures& figures, std::int64_t i) {
  add_attention(layer, figures, i < figures.decoder.layers ? figures.ratios[std::size_t(i)] : 1);
  add_deepseek_v4_experts(layer, config, figures,
                          {.by_token = i < figures.hash_layers, .vision = config.count_or("vision_n_layers", 0) > 0});
  add_deepseek_v4_norms(layer, figures);
}

/// source  vllm/models/deepseek_v4/nvidia/mtp.py
void describe_draft(Builder& builder, const Figures& figures, const std::string& layers) {
  const json::Fields& config = builder.text();
  const std::int64_t hidden = figures.decoder.hidden, first = figures.decoder.layers;
  for (std::int64_t i = first; i < first + draft_layers(config); ++i) {
    Block layer = builder.block(layers + '.' + std::to_string(i));
    layer.rms_norm("enorm", hidden);
    layer.rms_norm("hnorm", hidden);
    layer.replicated("e_proj", hidden, {hidden});
    layer.replicated("h_proj", hidden, {hidden});
    add_stream_head(layer, figures.streams, hidden);
    layer.rms_norm("shared_head.norm", hidden);
    add_layer(layer, config, figures, i);
    builder.add_layer(std::move(layer));
  }
}

/// source  vllm/models/deepseek_v4/nvidia/model.py, DeepseekV4ForCausalLM: never tied
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Figures figures = read(builder);
  figures.decoder.tied = false;
  const Decoder& decoder = figures.decoder;

  const std::string model = naming.under("model");
  describe_model(builder, decoder, model + ".layers");
  builder.model.latent_attention = true;
  if (naming.architecture == "DeepSeekV4MTPModel") return describe_draft(builder, figures, model + ".layers");
  add_ends(builder, decoder, model, naming);
  Block streams = builder.block(model);
  add_stream_head(streams, figures.streams, decoder.hidden);
  builder.add_part("streams", Part::Place::kEveryStage, std::move(streams));
  add_layers(builder, decoder, model + ".layers",
             [&](Block& layer, std::int64_t i) { add_layer(layer, config, figures, i); });
}

}  // namespace

extern const Entry deepseek_v4;
const Entry deepseek_v4{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
