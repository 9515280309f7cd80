#include "arch/latent.h"

namespace vram::arch {
namespace {

/// The first projections of queries and of keys and values as one layer.
constexpr vllm::Step<bool> kFusedFirstProjections[] = {
    {{}, false, "vllm v0.9.2 vllm/model_executor/models/deepseek_v2.py, DeepseekV2MLAAttention"},
    {{2025, 7, 15}, true, "~vllm v0.10.2 vllm/model_executor/models/deepseek_v2.py, fused_qkv_a_proj"},
};
static_assert(vllm::well_formed(kFusedFirstProjections));

constexpr vllm::Step<bool> kKimiK2[] = {
    {{}, false, "vllm v0.9.2 vllm/config.py, is_deepseek_mla"},
    {{2025, 7, 14}, true, "~vllm v0.10.2 vllm/config/__init__.py, is_deepseek_mla"},
};
static_assert(vllm::well_formed(kKimiK2));

constexpr std::string_view kFusedShards[] = {"q_a_proj", "kv_a_proj_with_mqa"};

bool stated(const json::Fields& config, std::string_view name) {
  return config.value().object() && config.value().object()->find(name);
}

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
  widths.query_rank = stated(config, "q_lora_rank") ? config.maybe_count("q_lora_rank", 1) : absent.query_rank;
  widths.kv_rank = config.count_or("kv_lora_rank", absent.kv_rank, 1);
  widths.nope = config.count_or("qk_nope_head_dim", absent.nope);
  widths.rope = config.count_or("qk_rope_head_dim", absent.rope);
  widths.value = config.count_or("v_head_dim", absent.value, 1);
  return widths;
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

void latent_attention(Block& block, const std::string& name, std::int64_t hidden, const LatentWidths& widths,
                      const RotaryTable& rotary) {
  latent_projections(block, name, hidden, hidden, widths, rotary);
  block.attention(name + ".attn", widths.cache());
}

bool uses_latents(const Builder& builder) {
  const json::Fields& config = builder.text();
  if (!config.flag_or("is_causal", true)) return false;
  if (stated(config, "kv_lora_rank") && !config.has("kv_lora_rank")) return false;
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
