// DeepSeek-V4.1's attention: its class takes kernels of its own, and they decide how rows are stored.
#pragma once

#include <optional>
#include <string>

#include "memory/attention_backends.h"
#include "memory/attention_config.h"
#include "memory/flash_attention.h"
#include "units/result.h"

namespace vram::memory {

/// errors  kRefused in vLLM's words for an --attention-backend that the class sends away
/// source  vllm v0.33.0 vllm/models/deepseek_v41/nvidia/model.py, _select_dsv4_attn_cls
std::optional<Error> refused_v41(const AttentionConfig& config);

/// The kernels of every layer.
///
///   heads_fit  a rank has whole groups of kV41HeadsToGroup heads: only then do the fused kernels come unasked
///   source     as above; flash_mla_mega_attn.py, is_available_for
AttentionBackend v41_kernels(const AttentionContext& context, const AttentionConfig& config, bool heads_fit);
inline constexpr std::int64_t kV41HeadsToGroup = 8;

/// The format in which these kernels read the cache, from what --kv-cache-dtype says.
///
///   errors  kRefused in vLLM's words for a format that they do not read
///   source  vllm v0.33.0 vllm/models/deepseek_v41/attention.py, _resolve_dsv4_kv_cache_dtype
Result<std::string> v41_format(AttentionBackend kernels, const std::string& asked, const Platform& platform);

}  // namespace vram::memory
