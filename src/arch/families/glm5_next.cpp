// GLM-5.3-Flash: Kimi delta attention with sparse latent attention without positions in every fourth layer, whose
// indexers store a row for several tokens; residual streams, experts, and GLM's vision tower without learnt positions.
#include "arch/decoder.h"
#include "arch/draft.h"
#include "arch/kda.h"
#include "arch/latent.h"
#include "arch/layer_kinds.h"
#include "arch/streams.h"
#include "arch/vision/tower.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Glm5NextForConditionalGeneration", "Glm5NextForCausalLM",
                                               "Glm5NextMTPModel"};

/// source  transformers' Glm5NextTextConfig
constexpr Decoder kAbsent{4096, 12288, 154880, 45, 1048576, {64, 64, 0}, false};

constexpr LinearOptions kPlain{.quantised = false};

struct Figures {
  Decoder decoder;
  LatentWidths latent;
  Kda kda;
  std::int64_t index_heads = 0, index_width = 0, index_topk = 0, pool = 1;
  std::int64_t streams = 0;
  std::vector<std::string> kinds, mlps;
};

std::vector<std::string> read_mlps(const json::Fields& config, std::int64_t layers) {
  constexpr std::int64_t kDenseLayers = 3;
  std::vector<std::string> absent(std::size_t(layers), "sparse");
  for (std::int64_t i = 0; i < std::min(kDenseLayers, layers); ++i) absent[std::size_t(i)] = "dense";
  return layer_kinds(config, "mlp_layer_types", layers, std::move(absent), {"dense", "sparse"});
}

Figures read(const Builder& builder) {
  const json::Fields& config = builder.text();
  Figures figures;
  figures.decoder = read_decoder(builder, kAbsent);
  figures.decoder.tied = false;  // the class never ties
  const std::int64_t layers = figures.decoder.layers;
  figures.latent = latent_widths(config, figures.decoder.heads.query, {0, 1536, 512, 256, 0, 256});
  const json::Fields linear = config.inner("linear_attn_config");
  Kda& kda = figures.kda;
  kda.heads = linear.count_or("num_heads", config.count_or("linear_num_heads", 64, 1), 1);
  kda.head_width = linear.count_or("head_dim", config.count_or("linear_head_dim", 128, 1), 1);
  kda.kernel = linear.count_or("short_conv_kernel_size", config.count_or("linear_conv_kernel_dim", 4, 1), 1);
  kda.bounded_gate = true;
  kda.implementation = KdaState::Class::kGlm5Next;
  figures.index_heads = config.count_or("index_n_heads", 32, 1);
  figures.index_width = config.count_or("index_head_dim", 128, 1);
  figures.index_topk = config.count_or("index_topk", 2048, 1);
  figures.pool = config.count_or("index_kpool", 16, 1);
  if (config.flag_or("mhc", true)) figures.streams = config.count_or("hc_mult", 4, 1);
  figures.kinds = layer_kinds(config, "layer_types", layers, every(4, layers, "indexed_attention", "linear_attention"),
                              {"linear_attention", "indexed_attention", "full_attention", "deepseek_sparse_attention"});
  figures.mlps = read_mlps(config, layers);
  return figures;
}

/// source  vllm/models/glm5next/common/kda.py, Glm5NextLinearAttention: nothing of it is quantised
void add_delta_attention(Block& layer, std::int64_t hidden, const Kda& kda) {
  const std::string name = "self_attn";
  const std::int64_t width = kda.width();
  const Columns each{width}, heads{kda.heads}, narrow{kda.head_width, 1, Columns::Split::kWhole};
  layer.linear(name + ".in_proj_qkvbfg_a", hidden, {each, each, each, heads, narrow, narrow}, Linear::Input::kWhole,
               kPlain);
  layer.column(name + ".f_b_proj", kda.head_width, {width}, kPlain);
  layer.divided(name + ".dt_bias", {{width}}, {}, Dtype::kFloat32);
  for (const char* part : {".q_conv1d", ".k_conv1d", ".v_conv1d"})
    layer.column(name + part, kda.kernel, {width}, {.quantised = false, .dtype = Dtype::kFloat32});
  layer.divided(name + ".A_log", {heads}, {}, Dtype::kFloat32);
  layer.column(name + ".g_b_proj", kda.head_width, {width}, kPlain);
  layer.rms_norm(name + ".o_norm", kda.head_width);
  layer.row(name + ".o_proj", width, hidden, kPlain);
  layer.cache(name, kda.state());
}

/// source  vllm/models/glm5next/common/attention.py, Indexer: whole on every rank
void add_indexer(Block& layer, const Figures& figures) {
  const std::string name = "self_attn.indexer";
  const std::int64_t hidden = figures.decoder.hidden, width = figures.index_width;
  layer.tensor(name + ".index_kpool_compress_ape", {figures.pool, width}, Dtype::kFloat32);
  layer.tensor(name + ".index_kpool_compress_gate", {width, hidden}, Dtype::kBfloat16);
  layer.replicated(name + ".wq_b", figures.latent.query_rank.value_or(hidden), {width * figures.index_heads}, kPlain);
  layer.replicated(name + ".wk_weights_proj", hidden, {width, figures.index_heads}, kPlain);
  layer.tensor(name + ".k_norm.weight", {width}, Dtype::kFloat32);
  layer.tensor(name + ".k_norm.bias", {width}, Dtype::kFloat32);
  layer.cache(name + ".k_cache", CompressedIndexer{width, figures.pool});
  layer.cache(name + ".tail_cache", CompressorState{width, figures.pool});
}

/// source  vllm/models/glm5next/common/attention.py, Glm5NextMLAAttention: nothing of it is quantised
void add_latent_attention(Block& layer, const Figures& figures) {
  const std::string name = "self_attn";
  const LatentWidths& widths = figures.latent;
  const std::int64_t hidden = figures.decoder.hidden, kv_first = widths.kv_rank + widths.rope;
  const std::int64_t queries = widths.heads * widths.key();
  if (widths.query_rank) {
    layer.replicated(name + ".fused_qkv_a_proj", hidden, {*widths.query_rank, kv_first}, kPlain);
    layer.rms_norm(name + ".q_a_layernorm", *widths.query_rank);
    layer.column(name + ".q_b_proj", *widths.query_rank, {queries}, kPlain);
  } else {
    layer.replicated(name + ".kv_a_proj_with_mqa", hidden, {kv_first}, kPlain);
    layer.column(name + ".q_proj", hidden, {queries}, kPlain);
  }
  layer.rms_norm(name + ".kv_a_layernorm", widths.kv_rank);
  layer.column(name + ".kv_b_proj", widths.kv_rank, {widths.heads * (widths.nope + widths.value)}, kPlain);
  layer.row(name + ".o_proj", widths.heads * widths.value, hidden, kPlain);
  LatentAttention cache = widths.cache();
  cache.sparse = true;
  cache.index_topk = figures.index_topk;
  add_indexer(layer, figures);
  layer.attention(name + ".attn", std::move(cache), false, false);
}

/// source  vllm/models/glm5next/common/model.py, Glm5NextMoE
void add_experts(Block& layer, std::int64_t hidden) {
  const json::Fields& config = layer.builder().text();
  const std::int64_t experts = config.count_of({"n_routed_experts", "num_local_experts"});
  const std::int64_t intermediate = config.count_or("moe_intermediate_size", 2048, 1);
  layer.replicated("mlp.gate", hidden, {experts}, kPlain);
  if (config.text_or("topk_method", "") == "noaux_tc")
    layer.tensor("mlp.gate.e_score_correction_bias", {experts}, Dtype::kFloat32);
  if (const std::int64_t shared = config.count_or("n_shared_experts", 1); shared > 0)
    gated_mlp(layer, "mlp.shared_experts", hidden, intermediate * shared, {.tokens = TokenSplit::kWhole});
  layer.experts({.name = "mlp.experts",
                 .count = experts,
                 .per_token = config.count_or("num_experts_per_tok", 8),
                 .hidden = hidden,
                 .intermediate = intermediate});
}

/// Layer `i`; those after the last are drafts.
/// source  vllm/models/glm5next/common/model.py, Glm5NextDecoderLayer
void add_layer(Block& layer, const Figures& figures, std::int64_t i) {
  const std::int64_t hidden = figures.decoder.hidden;
  const bool draft = i >= figures.decoder.layers;
  if (!draft && figures.kinds[std::size_t(i)] == "linear_attention")
    add_delta_attention(layer, hidden, figures.kda);
  else
    add_latent_attention(layer, figures);
  if ((draft ? figures.mlps.back() : figures.mlps[std::size_t(i)]) == "sparse")
    add_experts(layer, hidden);
  else
    gated_mlp(layer, "mlp", hidden, figures.decoder.intermediate, {.tokens = TokenSplit::kWhole});
  layer.rms_norm("input_layernorm", hidden);
  layer.rms_norm("post_attention_layernorm", hidden);
  if (!draft && figures.streams > 0) add_stream_mixing(layer, figures.streams, hidden);
}

void describe_whole(Builder& builder, Figures figures, std::string layers) {
  figures.decoder.heads.width = figures.latent.kv_rank + figures.latent.rope;
  describe_model(builder, figures.decoder, std::move(layers));
  builder.model.latent_attention = true;
}

void describe(Builder& builder, const Naming& naming) {
  const Figures figures = read(builder);
  const std::string model = naming.under("model");
  add_ends(builder, figures.decoder, model, naming);
  add_layers(builder, figures.decoder, model + ".layers",
             [&](Block& layer, std::int64_t i) { add_layer(layer, figures, i); });
  describe_whole(builder, figures, model + ".layers");
  builder.model.recurrent = true;
}

/// source  vllm/models/glm5next/common/mtp.py
void describe_draft(Builder& builder) {
  const Figures figures = read(builder);
  const std::int64_t first = figures.decoder.layers;
  for (std::int64_t i = first; i < first + draft_layers(builder.text()); ++i) {
    Block layer = builder.block("model.layers." + std::to_string(i));
    add_mtp_inputs(layer, figures.decoder.hidden);
    add_layer(layer, figures, i);
    builder.add_layer(std::move(layer));
  }
  describe_whole(builder, figures, "model.layers");
}

/// source  vllm/models/glm5next/common/multimodal.py, Glm5NextVisionTransformer: nothing of it is quantised
void add_tower(Builder& builder, const json::Fields& vision) {
  const LinearOptions biased{.bias = true, .quantised = false};
  const std::int64_t hidden = vision.count_or("hidden_size", 1024, 1), heads = vision.count_or("num_heads", 16, 1);
  const std::int64_t out = vision.count_or("out_hidden_size", 4096, 1), head = hidden / heads;
  const std::int64_t intermediate = vision.count_or("intermediate_size", 4096, 1);
  const std::int64_t merge = vision.count_or("spatial_merge_size", 2, 1), patch = vision.count_or("patch_size", 14, 1);
  const std::int64_t channels = vision.count_or("in_channels", 3, 1);
  const Tower tower{.whole_with_data = true};

  Block ends = builder.block("visual");
  convolution(ends, "patch_embed.proj", {hidden, channels, vision.count_or("temporal_patch_size", 2, 1), patch, patch});
  const std::int64_t positions = builder.text().count_or("max_position_embeddings", kAbsent.positions, 1);
  ends.buffer("rotary_pos_emb.cos_sin_cache", {positions, head / 2}, builder.dtype());
  ends.column("merger.proj", out, {out}, kPlain);
  ends.layer_norm("merger.post_projection_norm", out);
  gated_mlp(ends, "merger", out, vision.count_or("projection_intermediate_size", 10240, 1), kPlain);
  convolution(ends, "downsample", {out, hidden, merge, merge});
  ends.rms_norm("post_layernorm", hidden);
  add_tower_part(builder, tower, std::move(ends));
  add_tower_layers(builder, tower, "visual.blocks", tower_layers(vision, "depth", 24), [&](Block& layer, std::int64_t) {
    layer.rms_norm("norm1", hidden);
    layer.rms_norm("norm2", hidden);
    layer.rms_norm("attn.q_norm", head);
    layer.rms_norm("attn.k_norm", head);
    layer.qkv("attn.qkv", hidden, {heads, heads, head}, biased);
    layer.row("attn.proj", hidden, hidden, biased);
    gated_mlp(layer, "mlp", hidden, intermediate, biased);
  });
}

/// source  vllm/models/glm5next/common/model.py, Glm5NextForConditionalGeneration
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kVisualNames});
  if (!builder) return builder.error();
  const bool whole = source.architecture == "Glm5NextForConditionalGeneration";
  if (source.architecture == "Glm5NextMTPModel") {
    describe_draft(*builder);
  } else {
    if (whole) add_tower(*builder, builder->config().inner("vision_config"));
    describe(*builder, {"Glm5NextForCausalLM", whole ? "language_model" : ""});
  }
  return builder->finish();
}

}  // namespace

extern const Entry glm5_next;
const Entry glm5_next{kArchitectures, build};

}  // namespace vram::arch::families
