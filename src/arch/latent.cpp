#include "arch/latent.h"

#include <algorithm>

namespace vram::arch {
namespace {

/// The first projections of queries and of keys and values as one layer.
constexpr vllm::Step<bool> kFusedFirstProjections[] = {
    {{}, false, "vllm v0.9.2 vllm/model_executor/models/deepseek_v2.py, DeepseekV2MLAAttention"},
    {{2025, 7, 15}, true, "~ absent in v0.9.2, in v0.10.0 vllm/model_executor/models/deepseek_v2.py"},
};
static_assert(vllm::well_formed(kFusedFirstProjections));

constexpr vllm::Step<bool> kKimiK2[] = {
    {{}, false, "vllm v0.9.2 vllm/config.py, is_deepseek_mla"},
    {{2025, 7, 14}, true, "~vllm v0.10.2 vllm/config/__init__.py, is_deepseek_mla"},
};
static_assert(vllm::well_formed(kKimiK2));

/// Whether an indexer's keys and the weights of its heads are one layer, kept in the model's dtype.
constexpr vllm::Step<bool> kFusedIndexerKeys[] = {
    {{}, false, "vllm v0.19.0 vllm/model_executor/models/deepseek_v2.py, Indexer"},
    {{2026, 4, 10}, true, "~ absent in v0.19.0, in v0.20.0 vllm/model_executor/models/deepseek_v2.py"},
};
static_assert(vllm::well_formed(kFusedIndexerKeys));

/// Whether layers may take an earlier layer's choice of tokens.
constexpr vllm::Step<bool> kSharedIndexers[] = {
    {{}, false, "vllm v0.20.0 vllm/model_executor/models/deepseek_v2.py"},
    {{2026, 4, 29}, true, "~ absent in v0.20.0, in v0.21.0 vllm/model_executor/models/deepseek_v2.py"},
};
static_assert(vllm::well_formed(kSharedIndexers));

constexpr vllm::Step<bool> kInterleavedIndexer[] = {
    {{}, false, "vllm v0.15.0 vllm/model_executor/models/deepseek_v2.py"},
    {{2026, 2, 2}, true, "~ absent in v0.15.0, in v0.16.0 vllm/model_executor/models/deepseek_v2.py"},
};
static_assert(vllm::well_formed(kInterleavedIndexer));

constexpr vllm::Step<bool> kFlashInferTables[] = {
    {{}, false, "vllm v0.13.0 vllm/model_executor/layers/rotary_embedding/deepseek_scaling_rope.py"},
    {{2026, 1, 1}, true, "~ absent in v0.13.0, in v0.14.1 rotary_embedding/deepseek_scaling_rope.py, use_flashinfer"},
};
static_assert(vllm::well_formed(kFlashInferTables));

/// Sparse latent attention runs in breakable CUDA graphs, which are not compiled.
constexpr vllm::Step<bool> kBreakableGraphs[] = {
    {{}, false, "vllm v0.28.0 vllm/config/vllm.py"},
    {{2026, 8, 25}, true, "~vllm v0.29.0 vllm/config/vllm.py, DEFAULT_BREAKABLE_CUDAGRAPH_ARCHITECTURES"},
};
static_assert(vllm::well_formed(kBreakableGraphs));

constexpr std::string_view kFusedShards[] = {"q_a_proj", "kv_a_proj_with_mqa"};

}  // namespace

LatentAttention LatentWidths::cache() const {
  LatentAttention cache;
  cache.latent = kv_rank;
  cache.rope = rope;
  cache.nope = nope;
  cache.value = value;
  return cache;
}

LatentWidths latent_widths(const json::Fields& config, std::int64_t heads, const LatentWidths& absent) {
  LatentWidths widths;
  widths.heads = heads;
  // null says that there is none; a config without the key has the default.
  widths.query_rank = config.is_null("q_lora_rank") ? std::nullopt : absent.query_rank;
  if (config.has("q_lora_rank")) widths.query_rank = config.count("q_lora_rank");
  widths.kv_rank = config.count_or("kv_lora_rank", absent.kv_rank, 1);
  widths.nope = config.count_or("qk_nope_head_dim", absent.nope);
  widths.rope = config.count_or("qk_rope_head_dim", absent.rope);
  widths.value = config.count_or("v_head_dim", absent.value);
  return widths;
}

RotaryTable latent_rotary(const Builder& builder, const LatentWidths& widths, std::int64_t positions) {
  Rope rope{.head_width = widths.rope, .positions = positions};
  const json::Fields parameters = rope_parameters(builder.text());
  if (parameters.text_or("rope_type", parameters.text_or("type", "default")) == "default")
    return rotary_table(builder, rope);
  rope.type = "deepseek_yarn";
  RotaryTable table = rotary_table(builder, rope);
  const vllm::Date day = builder.options().as_of;
  const std::string& architecture = builder.model.architecture;
  const bool sparse = architecture == "DeepseekV32ForCausalLM" || architecture == "DeepseekV32MTPModel" ||
                      architecture == "GlmMoeDsaForCausalLM";
  const bool compiled = !builder.options().enforce_eager && !(sparse && vllm::in_force(kBreakableGraphs, day));
  const bool taken = widths.rope == 64 || widths.rope == 128 || widths.rope == 256 || widths.rope == 512;
  if (!compiled && taken && vllm::in_force(kFlashInferTables, day)) table.dtype = Dtype::kFloat32;
  return table;
}

void latent_projections(Block& block, const std::string& name, std::int64_t input, std::int64_t hidden,
                        const LatentWidths& widths, const RotaryTable& rotary) {
  const bool fused = vllm::in_force(kFusedFirstProjections, block.builder().options().as_of);
  const std::int64_t kv_first = widths.kv_rank + widths.rope, queries = widths.heads * widths.key();
  if (widths.query_rank && fused) {
    block.replicated(name + ".fused_qkv_a_proj", input, {*widths.query_rank, kv_first}, {.shards = kFusedShards});
  } else {
    if (widths.query_rank) block.replicated(name + ".q_a_proj", input, {*widths.query_rank});
    block.replicated(name + ".kv_a_proj_with_mqa", input, {kv_first});
  }
  if (widths.query_rank) {
    block.rms_norm(name + ".q_a_layernorm", *widths.query_rank);
    block.column(name + ".q_b_proj", *widths.query_rank, {queries});
  } else {
    block.column(name + ".q_proj", input, {queries});
  }
  block.rms_norm(name + ".kv_a_layernorm", widths.kv_rank);
  block.column(name + ".kv_b_proj", widths.kv_rank, {widths.heads * (widths.nope + widths.value)});
  block.row(name + ".o_proj", widths.heads * widths.value, hidden);
  block.rotary(rotary);
}

bool Indexing::has_indexer(std::int64_t layer) const {
  if (layer >= layers) return true;
  if (std::size_t(layer) < pattern.size()) return pattern[std::size_t(layer)] != 'S';
  return !pattern.empty() || std::max<std::int64_t>(layer - offset + 1, 0) % every == 0;
}

std::optional<Indexing> read_indexing(const Builder& builder, std::int64_t layers, const RotaryTable& rotary) {
  const json::Fields& config = builder.text();
  const bool glm = config.text_or("model_type", "") == "glm_moe_dsa";
  if (!config.has("index_topk") && !glm) return std::nullopt;
  const vllm::Date day = builder.options().as_of;
  Indexing indexing{.heads = config.count_or("index_n_heads", glm ? 32 : 64, 1),
                    .width = config.count_or("index_head_dim", 128, 1),
                    .topk = config.count_or("index_topk", 2048, 1),
                    .rotary = rotary};
  indexing.layers = layers;
  // Neighbouring pairs are rotated in the attention, halves in the indexer, unless the config says otherwise.
  if (!config.flag_or("indexer_rope_interleave", false) || !vllm::in_force(kInterleavedIndexer, day))
    indexing.rotary.id += "/halves";
  if (!vllm::in_force(kSharedIndexers, day)) return indexing;
  indexing.every = config.count_or("index_topk_freq", 1, 1);
  indexing.offset = config.count_or("index_skip_topk_offset", 2);
  const json::Value* pattern = config.find("index_topk_pattern");
  if (pattern && pattern->array())
    for (const std::string& kind : config.texts("index_topk_pattern")) indexing.pattern += kind == "S" ? 'S' : 'F';
  else
    indexing.pattern = config.text_or("index_topk_pattern", "");
  return indexing;
}

namespace {

/// source  vllm/model_executor/models/deepseek_v2.py, Indexer: whole on every rank
void add_indexer(Block& block, const std::string& name, std::int64_t hidden, const LatentWidths& widths,
                 const Indexing& indexing) {
  block.replicated(name + ".wq_b", widths.query_rank.value_or(hidden), {indexing.heads * indexing.width});
  if (vllm::in_force(kFusedIndexerKeys, block.builder().options().as_of)) {
    block.replicated(name + ".wk_weights_proj", hidden, {indexing.width, indexing.heads}, {.quantised = false});
  } else {
    block.replicated(name + ".wk", hidden, {indexing.width});
    block.replicated(name + ".weights_proj", hidden, {indexing.heads}, {.quantised = false});
  }
  block.tensor(name + ".k_norm.weight", {indexing.width}, Dtype::kFloat32);
  block.tensor(name + ".k_norm.bias", {indexing.width}, Dtype::kFloat32);
  block.rotary(indexing.rotary);
  block.cache(name + ".k_cache", SparseIndexer{indexing.width});
}

}  // namespace

void latent_attention(Block& block, const std::string& name, std::int64_t hidden, const LatentWidths& widths,
                      const RotaryTable& rotary, const std::optional<Indexing>& indexing, std::int64_t layer) {
  latent_projections(block, name, hidden, hidden, widths, rotary);
  LatentAttention cache = widths.cache();
  if (indexing) {
    cache.sparse = true;
    cache.index_topk = indexing->topk;
    if (indexing->has_indexer(layer)) add_indexer(block, name + ".indexer", hidden, widths, *indexing);
  }
  block.attention(name + ".attn", std::move(cache));
}

bool uses_latents(const Builder& builder) {
  const json::Fields& config = builder.text();
  if (!config.flag_or("is_causal", true)) return false;
  if (config.is_null("kv_lora_rank")) return false;
  const std::string type = config.text_or("model_type", "");
  if (type == "kimi_k2") return vllm::in_force(kKimiK2, builder.options().as_of);
  constexpr std::string_view kTypes[] = {"AXK1",
                                         "axk1",
                                         "deepseek_v2",
                                         "deepseek_v3",
                                         "deepseek_v32",
                                         "deepseek_mtp",
                                         "glm_moe_dsa",
                                         "glm4_moe_lite",
                                         "glm4_moe_lite_mtp",
                                         "kimi_linear",
                                         "longcat_flash",
                                         "pangu_ultra_moe",
                                         "pangu_ultra_moe_mtp",
                                         "bailing_hybrid",
                                         "dots3_note",
                                         "glm5_next",
                                         "glm5_next_text",
                                         "hy_v4"};
  for (const std::string_view known : kTypes)
    if (type == known) return true;
  return false;
}

}  // namespace vram::arch
