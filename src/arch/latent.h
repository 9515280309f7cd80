// Multi-head latent attention (MLA): queries and keys come from narrow latents, and the cache holds one latent row a
// token for all heads.
#pragma once

#include <optional>
#include <string>

#include "arch/builder.h"

namespace vram::arch {

struct LatentWidths {
  std::int64_t heads = 0;
  std::optional<std::int64_t> query_rank;  // q_lora_rank; without it queries come straight from the hidden state
  std::int64_t kv_rank = 0;                // kv_lora_rank
  std::int64_t nope = 0, rope = 0;         // parts of a query and key: without and with rotary positions
  std::int64_t value = 0;

  [[nodiscard]] std::int64_t key() const { return nope + rope; }
  [[nodiscard]] LatentAttention cache() const;
};

/// num_attention_heads is read already; `absent` has the defaults of the config class, by default those of DeepSeek-V2
/// and V3.
LatentWidths latent_widths(const json::Fields& config, std::int64_t heads,
                           const LatentWidths& absent = {0, 1536, 512, 128, 64, 128});

/// DeepSeek's table: any scaling is its kind of YaRN, whose figures stay in float32 for FlashInfer's kernel where vLLM
/// takes its own kernels.
///
///   source  vllm/model_executor/layers/rotary_embedding/deepseek_scaling_rope.py
RotaryTable latent_rotary(const Builder& builder, const LatentWidths& widths, std::int64_t positions);

/// Linear layers, norms and the rotary table of latent attention under `name`, in vLLM's order, without the attention
/// itself.
///
///   input   width of the hidden state that the projections read
///   source  vllm/model_executor/models/deepseek_v2.py, DeepseekV2MLAAttention
void latent_projections(Block& block, const std::string& name, std::int64_t input, std::int64_t hidden,
                        const LatentWidths& widths, const RotaryTable& rotary);

/// The indexer of sparse latent attention (DSA), which picks the tokens that a layer reads.
struct Indexing {
  std::int64_t heads = 0, width = 0;
  std::int64_t topk = 0;
  RotaryTable rotary;
  std::int64_t every = 1, offset = 2;  // index_topk_freq and index_skip_topk_offset
  std::string pattern = {};            // index_topk_pattern: "S" for a layer that takes an earlier layer's choice
  std::int64_t layers = 0;             // of the main model: draft layers after them have an indexer always

  [[nodiscard]] bool has_indexer(std::int64_t layer) const;
};

/// Nothing where the config has no index_topk. Each layer had an indexer until layers could share a choice.
///
///   source  vllm/model_executor/models/deepseek_v2.py, Indexer
std::optional<Indexing> read_indexing(const Builder& builder, std::int64_t layers, const RotaryTable& rotary);

/// latent_projections with the attention, its cache and, where `indexing` says so, the layer's indexer.
void latent_attention(Block& block, const std::string& name, std::int64_t hidden, const LatentWidths& widths,
                      const RotaryTable& rotary, const std::optional<Indexing>& indexing = {}, std::int64_t layer = 0);

/// Whether vLLM takes the latent path for the config's model_type.
///
///   source  vllm/config/model.py, is_deepseek_mla and use_mla
bool uses_latents(const Builder& builder);

}  // namespace vram::arch
