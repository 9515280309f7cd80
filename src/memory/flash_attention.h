// Which version of FlashAttention vLLM runs: much of what its backends take hangs on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "memory/placement.h"
#include "model/dtype.h"
#include "units/quantity.h"

namespace vram::memory {

/// What attention backends ask about the model and the machine besides the layer.
struct AttentionContext {
  Platform platform;
  Dtype dtype = Dtype::kBfloat16;              // the model's
  std::string_view cache_dtype = "auto";       // of the model, where layers differ
  std::int64_t head_size = 0;                  // of the model: its widest layer's
  std::int64_t query_heads = 0, kv_heads = 0;  // of the model, on one rank
  std::int64_t decode_context_parallel = 1;    // ranks that share a sequence
  std::int64_t index_pool = 1;                 // tokens to a row of its indexers' caches
  bool logit_softcap = false;                  // attn_logit_softcapping
  bool multimodal_prefix = false;              // bidirectional attention over images
  std::optional<int> flash_attention;          // flash_attn_version, where vLLM's configuration sets it
};

/// The heads that a version is chosen for; 0 and false are "not said".
struct FlashAttentionHeads {
  std::int64_t key = 0, value = 0;
  bool sinks = false;
  std::optional<Tokens> block_size = {};
  bool takes_256 = false;  // the caller can use the kernel of its own for heads of 256
};

/// 2, 3 or 4; nothing where FlashAttention does not run.
///
///   source  vllm/v1/attention/backends/fa_utils.py, get_flash_attn_version
std::optional<int> flash_attention_version(const AttentionContext& context, const FlashAttentionHeads& heads = {});

/// vLLM's is_fa_version_supported(4).
bool flash_attention_4_runs(const Platform& platform);

/// Whether the version that is chosen reads an fp8 cache.
///
///   source  the same file, flash_attn_supports_fp8; flash_attn_supports_kv_cache_dtype from 0.27
bool flash_attention_reads_fp8(const AttentionContext& context, std::string_view cache_dtype,
                               const FlashAttentionHeads& heads = {});

/// Tokens of the page that a kernel for this head size insists on.
///
///   source  vllm/v1/attention/backends/flash_attn.py, _get_fa4_hd256_block_size, _get_sm90_fa4_fp8_kv_block_size
std::optional<Tokens> flash_attention_page(const AttentionContext& context, std::int64_t key, std::int64_t value,
                                           bool fp8_cache);

}  // namespace vram::memory
