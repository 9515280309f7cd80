// What a block and a request cost: blocks a request may hold in each group, bytes a block takes on each stage.
#pragma once

#include <optional>
#include <string>

#include "memory/kv_groups.h"

namespace vram::memory {

/// What the worst case of a request depends on besides its length.
struct Demand {
  Tokens in_flight;  // scheduled and not yet settled: windows cannot free their blocks
  Tokens encoder;    // longest encoder input
  std::int64_t context_ranks = 1;
  std::string_view mamba_mode;
  vllm::Date as_of;
};
Demand demand(const KvSettings& settings, vllm::Date as_of);

/// Most blocks that a request of `length` tokens holds of a layer with `spec`.
///
///   source  vllm/v1/kv_cache_interface.py, max_memory_usage_bytes of each class, over page_size_bytes
std::int64_t blocks_of(const KvSpec& spec, Tokens length, const Demand& demand);

/// The same of a group: the most of its members.
std::int64_t blocks_of(const LayerGroup& group, Tokens length, const Demand& demand);

/// How a release turns bytes into blocks.
struct BlockRule {
  /// Whose block divides a stage's memory: its own, the widest stage's, or, for one group of unlike pages, a block
  /// of the whole model although only the stage's share is then allocated.
  enum class Divided { kWidestStage, kOwn, kWholeModel } divided;
  /// Blocks of several groups of unlike pages (DeepSeek-V4).
  enum class Unlike { kTuples, kSlots, kWidest } unlike;
  enum class Stride { kPage, kRounded, kRoundedByLayout } stride;
};
const BlockRule& block_rule(vllm::Date as_of);

/// Bytes one block of the pool takes on `stage`.
///
///   source  vllm/v1/core/kv_cache_utils.py, _pool_bytes_per_block
Bytes bytes_per_block(const KvGrouping& grouping, std::size_t stage, vllm::Date as_of);

/// Bytes by which the stage's memory is divided: under pipelines of 0.8.0 and of 0.11 to 0.16 more than a block takes.
Bytes bytes_divided(const KvGrouping& grouping, std::size_t stage, vllm::Date as_of);

/// Groups that `stage` plans with.
std::span<const LayerGroup> groups_on(const KvGrouping& grouping, std::size_t stage);

/// vLLM's refusal of a layout that cannot hold a stage's pages side by side.
///
///   source  vllm v0.33.0 vllm/v1/core/kv_cache_planning.py, validate_kv_cache_layout
std::optional<std::string> layout_refusal(const KvGrouping& grouping, std::size_t stage, vllm::Date as_of);

}  // namespace vram::memory
