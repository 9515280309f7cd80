// DeepSeek-V4: one KV head in a window of latest rows, compressed rows of older tokens in most layers, several residual
// streams, experts in every layer.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/draft.h"
#include "arch/streams.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"DeepseekV4ForCausalLM", "DeepSeekV4MTPModel"};

constexpr vllm::Step<TokenSplit> kSharedExperts[] = {
    {{}, TokenSplit::kIgnored, "vllm v0.26.0 vllm/models/deepseek_v4/nvidia/model.py, DeepseekV4MoE"},
    {{2026, 7, 26}, TokenSplit::kWholeOnOneStage, "~vllm v0.27.0 deepseek_v4/nvidia/model.py, use_sequence_parallel"},
};
static_assert(vllm::well_formed(kSharedExperts));

constexpr std::string_view kFirstShards[] = {"wq_a", "wkv"};
constexpr std::string_view kCompressorShards[] = {"wkv", "wgate"};
constexpr std::string_view kMlpShards[] = {"w1", "w3"};
constexpr std::string_view kExpertShards[] = {"w1", "w3", "w2"};

/// source  transformers' DeepseekV4Config
constexpr Decoder kAbsent{4096, 2048, 129280, 43, 1048576, {64, 1, 512}, false};

struct Figures {
  Decoder decoder;
  std::int64_t query_rank = 0, output_rank = 0, groups = 0, rope = 0;
  std::int64_t streams = 0;  // hc_mult
  std::int64_t index_heads = 0, index_width = 0;
  Tokens window;
  std::vector<std::int64_t> ratios;  // a layer; 1: nothing is compressed
  std::int64_t hash_layers = 0;      // the first ones choose experts by token id
  RotaryTable plain, compressed;
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

/// source  vllm/models/deepseek_v4/common/rope.py, build_deepseek_v4_rope: only compressed layers are stretched
RotaryTable rotary(const Builder& builder, const Figures& figures, bool compressed) {
  const std::string id = compressed ? "compress" : "main";
  RotaryTable table{"attn.rotary_emb.cos_sin_cache", id, figures.decoder.positions, figures.rope, Dtype::kFloat32};
  if (!compressed) return table;
  json::Fields parameters = rope_parameters(builder.text());
  if (parameters.has("compress")) parameters = parameters.inner("compress");
  table.rows =
      rotary_table(builder, {.head_width = figures.rope, .positions = table.rows, .partial = 1.0}, parameters).rows;
  return table;
}

Figures read(const Builder& builder) {
  const json::Fields& config = builder.text();
  Figures figures;
  figures.decoder = read_decoder(builder, kAbsent);
  figures.decoder.intermediate = config.count_or("moe_intermediate_size", 2048, 1);
  figures.query_rank = config.count_or("q_lora_rank", 1024, 1);
  figures.output_rank = config.count_or("o_lora_rank", 1024, 1);
  figures.groups = config.count_or("o_groups", 8, 1);
  const double partial = config.maybe_number("partial_rotary_factor").value_or(64.0 / 512);
  figures.rope = config.count_or("qk_rope_head_dim", std::int64_t(double(figures.decoder.heads.width) * partial), 1);
  figures.streams = config.count_or("hc_mult", 4, 1);
  figures.index_heads = config.count_or("index_n_heads", 64, 1);
  figures.index_width = config.count_or("index_head_dim", 128, 1);
  figures.window = Tokens(config.count_or("sliding_window", 128, 1));
  figures.ratios = read_ratios(config, figures.decoder.layers);
  figures.hash_layers = config.count_or("num_hash_layers", 3);
  if (config.has("mlp_layer_types")) {
    figures.hash_layers = 0;
    for (const std::string& type : config.texts("mlp_layer_types")) figures.hash_layers += type == "hash_moe";
  }
  figures.plain = rotary(builder, figures, false);
  figures.compressed = rotary(builder, figures, true);
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

/// Query heads that a rank's kernel wants: 64 or 128 of FlashMLA, 8 at least of FlashInfer on compute capability 12.
std::int64_t sink_multiple(const Builder& builder) { return builder.options().capability / 10 == 12 ? 8 : 64; }

/// source  vllm/models/deepseek_v4/attention.py, DeepseekV4Attention
void add_attention(Block& layer, const Figures& figures, std::int64_t ratio) {
  const Decoder& decoder = figures.decoder;
  const std::int64_t heads = decoder.heads.query, width = decoder.heads.width;
  layer.divided("attn.attn_sink", {{heads, 1, Columns::Split::kDivided, sink_multiple(layer.builder())}}, {},
                Dtype::kFloat32);
  layer.replicated("attn.fused_wqa_wkv", decoder.hidden, {figures.query_rank, width}, {.shards = kFirstShards});
  layer.rms_norm("attn.q_norm", figures.query_rank);
  layer.column("attn.wq_b", figures.query_rank, {heads * width});
  layer.rms_norm("attn.kv_norm", width);
  layer.column("attn.wo_a", heads * width / figures.groups, {figures.groups * figures.output_rank});
  layer.row("attn.wo_b", figures.groups * figures.output_rank, decoder.hidden);
  layer.rotary(ratio > 1 ? figures.compressed : figures.plain);
  if (ratio == 4) add_indexer(layer, figures, ratio);
  layer.cache("attn.swa_cache", LatentWindow{width, figures.window});
  if (ratio > 1) {
    layer.cache("attn", CompressedLatent{width, ratio});
    add_compressor(layer, "attn.compressor", decoder.hidden, width, ratio);
  }
}

/// source  vllm/models/deepseek_v4/nvidia/model.py, DeepseekV4MoE
void add_experts(Block& layer, const json::Fields& config, const Figures& figures, bool by_token) {
  const Decoder& decoder = figures.decoder;
  const std::int64_t experts = config.count_or("n_routed_experts", config.count_or("num_local_experts", 256));
  const std::int64_t per_token = config.count_or("num_experts_per_tok", 6);
  const bool vision = config.count_or("vision_n_layers", 0) > 0;
  layer.replicated("ffn.gate", decoder.hidden, {experts}, {.quantised = false});
  if (by_token) layer.tensor("ffn.gate.tid2eid", {decoder.vocabulary, per_token}, Dtype::kInt32);
  if (config.text_or("topk_method", "") == "noaux_tc" && (!by_token || vision))
    layer.tensor("ffn.gate.e_score_correction_bias", {experts}, Dtype::kFloat32);
  if (vision) layer.tensor("ffn.gate.bias_vl", {experts}, Dtype::kFloat32);
  if (const std::int64_t shared = config.count_or("n_shared_experts", 1); shared > 0) {
    LinearOptions options{.tokens = vllm::in_force(kSharedExperts, layer.builder().options().as_of)};
    const std::int64_t intermediate = decoder.intermediate * shared;
    layer.row("ffn.shared_experts.down_proj", intermediate, decoder.hidden, options);
    options.shards = kMlpShards;
    layer.column("ffn.shared_experts.gate_up_proj", decoder.hidden, {intermediate, intermediate}, options);
  }
  layer.experts({.name = "ffn.experts",
                 .count = experts,
                 .per_token = per_token,
                 .hidden = decoder.hidden,
                 .intermediate = decoder.intermediate},
                {.shards = kExpertShards});
}

void add_layer(Block& layer, const json::Fields& config, const Figures& figures, std::int64_t i) {
  const Decoder& decoder = figures.decoder;
  add_attention(layer, figures, i < decoder.layers ? figures.ratios[std::size_t(i)] : 1);
  add_experts(layer, config, figures, i < figures.hash_layers);
  layer.rms_norm("attn_norm", decoder.hidden);
  layer.rms_norm("ffn_norm", decoder.hidden);
  add_stream_mixing(layer, figures.streams, decoder.hidden);
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
