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

/// Linear layers, norms and the rotary table of latent attention under `name`, in vLLM's order, without the attention
/// itself.
///
///   input   width of the hidden state that the projections read
///   source  vllm/model_executor/models/deepseek_v2.py, DeepseekV2MLAAttention
void latent_projections(Block& block, const std::string& name, std::int64_t input, std::int64_t hidden,
                        const LatentWidths& widths, const RotaryTable& rotary);

/// The same with its attention and cache.
void latent_attention(Block& block, const std::string& name, std::int64_t hidden, const LatentWidths& widths,
                      const RotaryTable& rotary);

/// Whether vLLM takes the latent path for the config's model_type.
///
///   source  vllm/config/model.py, is_deepseek_mla and use_mla
bool uses_latents(const Builder& builder);

}  // namespace vram::arch
