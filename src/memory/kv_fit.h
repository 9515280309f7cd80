// Whether one request of a length fits, as each release counts it, and the longest that does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "memory/kv_capacity.h"

namespace vram::memory {

/// Bytes one request of `length` needs on `stage`.
///
///   source  vllm/v1/core/kv_cache_utils.py, max_memory_usage_bytes, _max_memory_usage_bytes_from_groups
Bytes needed_bytes(const KvGrouping& grouping, std::size_t stage, Tokens length, const Demand& demand);

/// Longest length up to `limit` whose need on `stage` is within `memory`; 0 where not one token is.
///
///   source  vllm/v1/core/kv_cache_utils.py, estimate_max_model_len, _estimate_max_model_len_from_groups
Tokens longest_fitting(const KvGrouping& grouping, std::size_t stage, Bytes memory, Tokens limit, const Demand& demand);

/// Memory a stage is judged by: less the block that the pool keeps for itself, from 0.29 on.
Bytes checked_memory(const KvGrouping& grouping, std::size_t stage, Bytes memory, vllm::Date as_of);

/// The length that --max-model-len auto arrives at, what is logged about it, or the refusal.
struct Fitted {
  Tokens length;
  std::string line;  // empty before vLLM had it
  std::optional<std::string> refusal;
};
Fitted fit_length(const KvGrouping& grouping, std::span<const Bytes> checked, Tokens limit, const Demand& demand);

/// Why a request does not fit.
struct Misfit {
  enum class Kind { kNoMemory, kUndefined, kTooLong } kind;
  std::size_t stage = 0;  // the first on which it does not, in vLLM's order of checks
  Bytes memory, needed;
};
std::optional<Misfit> misfit(const KvGrouping& grouping, std::span<const Bytes> checked, Tokens length,
                             const Demand& demand);

/// vLLM's refusal.
std::string sentence(const Misfit& misfit, const KvGrouping& grouping, Tokens length, const Demand& demand);

/// Whether a window among `groups` would be divided over context-parallel ranks, which vLLM does not do.
bool splits_windows(std::span<const LayerGroup> groups, const Demand& demand);

/// Whether the check counts every layer by itself, before any grouping (up to 0.13).
bool checks_layers(vllm::Date as_of);

}  // namespace vram::memory
