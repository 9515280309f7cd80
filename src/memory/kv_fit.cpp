#include "memory/kv_fit.h"

#include <algorithm>
#include <map>
#include <set>

#include "memory/kv_messages.h"

namespace vram::memory {
namespace {

/// What one request is taken to need.
enum class Need {
  kLayers,       // every layer's worst case by itself
  kFirstGroup,   // the first group's blocks, on the whole model's groups against the smallest memory
  kFirstOnRank,  // the same on each stage's share
  kGroups,       // all groups' blocks
  kPoolBlocks    // the blocks of all groups, each as wide as the pool's
};
constexpr vllm::Step<Need> kNeed[] = {
    {{}, Need::kLayers, "vllm v0.10.2 vllm/v1/core/kv_cache_utils.py check_enough_kv_cache_memory"},
    {{2025, 12, 24}, Need::kFirstGroup, "https://github.com/vllm-project/vllm/commit/7adeb4bfa8"},
    {{2026, 2, 10}, Need::kFirstOnRank, "https://github.com/vllm-project/vllm/commit/c5a66d1697"},
    {{2026, 3, 17}, Need::kGroups, "https://github.com/vllm-project/vllm/commit/45f526d652"},
    {{2026, 8, 20}, Need::kPoolBlocks, "~ vllm v0.29.0 vllm/v1/core/kv_cache_utils.py"},
};
static_assert(vllm::well_formed(kNeed));

constexpr vllm::Step<bool> kReservesNullBlock[] = {
    {{}, false, "vllm v0.28.0 vllm/v1/core/kv_cache_utils.py get_kv_cache_configs"},
    {{2026, 8, 20}, true, "https://github.com/vllm-project/vllm/commit/76fb6d210a"},
};
static_assert(vllm::well_formed(kReservesNullBlock));

Bytes times(Bytes page, std::int64_t blocks) { return page * blocks; }

Bytes layers_need(const KvGrouping& grouping, std::size_t stage, Tokens length, const Demand& demand) {
  Bytes bytes;
  for (const LayerGroup::Member& member : grouping.layers)
    if (member.layers[stage])
      bytes += times(member.spec.page_size(), blocks_of(member.spec, length, demand)) * member.layers[stage];
  return bytes;
}

/// The one group of unlike pages; of the whole model where a stage holds none of it.
Bytes uniform_need(const LayerGroup& group, std::optional<std::size_t> stage, Tokens length, const Demand& demand) {
  Bytes bytes;
  for (const LayerGroup::Member& member : group.members)
    bytes += times(member.spec.page_size(), blocks_of(member.spec, length, demand)) *
             (stage ? member.layers[*stage] : member.total());
  return bytes;
}

/// DeepSeek-V4 until 0.28: every group reserves as many tuples of the first group's pages as the fullest has.
Bytes tuples_need(std::span<const LayerGroup> groups, std::size_t stage, Tokens length, const Demand& demand) {
  std::set<Bytes> pages;
  std::int64_t tuples = 0;
  Wide blocks = 0;
  for (const LayerGroup& group : groups) {
    const bool here = group.layers_on(stage) > 0;
    std::map<Bytes, std::int64_t> layers;
    for (const LayerGroup::Member& member : group.members)
      if (const std::int64_t count = here ? member.layers[stage] : member.total())
        layers[member.spec.page_size()] += count;
    for (const auto& [page, count] : layers) {
      tuples = std::max(tuples, count);
      if (&group == &groups.front()) pages.insert(page);
    }
    blocks += blocks_of(group, length, demand);
  }
  Bytes tuple;
  for (const Bytes page : pages) tuple += page;
  return tuple * tuples * saturated(blocks);
}

std::int64_t all_blocks(std::span<const LayerGroup> groups, Tokens length, const Demand& demand) {
  Wide blocks = 0;
  for (const LayerGroup& group : groups) blocks += blocks_of(group, length, demand);
  return saturated(blocks);
}

/// Most layers that a group has, of the whole model or on a stage.
std::int64_t widest(std::span<const LayerGroup> groups, std::optional<std::size_t> stage) {
  std::int64_t most = 0;
  for (const LayerGroup& group : groups) most = std::max(most, stage ? group.layers_on(*stage) : group.layers());
  return most;
}

bool splits(const LayerGroup::Member& member) { return is_sliding(member.spec.kind) && member.spec.dcp_sharded; }

/// Whether the need of a length is one that vLLM does not compute.
bool need_undefined(const KvGrouping& grouping, const Demand& demand) {
  const Need rule = vllm::in_force(kNeed, demand.as_of);
  const std::span<const LayerGroup> groups = grouping.groups;
  if (rule == Need::kLayers)
    return demand.context_ranks > 1 && std::any_of(grouping.layers.begin(), grouping.layers.end(), splits);
  const bool first_only = rule == Need::kFirstGroup || rule == Need::kFirstOnRank;
  return splits_windows(first_only ? groups.first(std::min<std::size_t>(groups.size(), 1)) : groups, demand);
}

}  // namespace

bool splits_windows(std::span<const LayerGroup> groups, const Demand& demand) {
  if (demand.context_ranks <= 1) return false;
  return std::any_of(groups.begin(), groups.end(), [](const LayerGroup& group) {
    return std::any_of(group.members.begin(), group.members.end(), splits);
  });
}

bool checks_layers(vllm::Date as_of) { return vllm::in_force(kNeed, as_of) == Need::kLayers; }

Bytes needed_bytes(const KvGrouping& grouping, std::size_t stage, Tokens length, const Demand& demand) {
  const Need rule = vllm::in_force(kNeed, demand.as_of);
  if (rule == Need::kLayers) return layers_need(grouping, stage, length, demand);
  const std::span<const LayerGroup> groups = groups_on(grouping, stage);
  if (groups.empty()) return Bytes(0);
  if (rule == Need::kPoolBlocks) return grouping.blocks[stage].bytes * all_blocks(groups, length, demand);
  const auto where = rule == Need::kFirstGroup ? std::nullopt : std::optional(stage);
  if (groups.size() == 1 && groups.front().uniform_type) return uniform_need(groups.front(), where, length, demand);
  if (std::all_of(groups.begin(), groups.end(), [](const LayerGroup& g) { return g.uniform_type; }))
    return tuples_need(groups, stage, length, demand);
  const std::int64_t blocks =
      rule == Need::kGroups ? all_blocks(groups, length, demand) : blocks_of(groups.front(), length, demand);
  return groups.front().first().page_size() * widest(groups, where) * blocks;
}

Tokens longest_fitting(const KvGrouping& grouping, std::size_t stage, Bytes memory, Tokens limit,
                       const Demand& demand) {
  const auto fits = [&](std::int64_t length) {
    return needed_bytes(grouping, stage, Tokens(length), demand) <= memory;
  };
  if (!fits(1)) return Tokens(0);
  std::int64_t low = 1, high = limit.count(), found = 1;
  while (low <= high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (fits(middle)) {
      found = middle;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return Tokens(found);
}

Bytes checked_memory(const KvGrouping& grouping, std::size_t stage, Bytes memory, vllm::Date as_of) {
  if (!vllm::in_force(kReservesNullBlock, as_of)) return memory;
  return memory - grouping.blocks[stage].bytes;
}

Fitted fit_length(const KvGrouping& grouping, std::span<const Bytes> checked, Tokens limit, const Demand& demand) {
  if (grouping.groups.empty()) return {limit, fitted_without_cache(limit, demand.as_of), {}};
  if (need_undefined(grouping, demand)) return {limit, {}, kNoContextParallelWindow};
  Tokens longest = limit;
  const bool whole = vllm::in_force(kNeed, demand.as_of) == Need::kFirstGroup;
  Bytes limiting = whole ? *std::min_element(checked.begin(), checked.end()) : checked.front();
  for (std::size_t stage = 0; stage < (whole ? 1 : checked.size()); ++stage) {
    const Bytes memory = whole ? limiting : checked[stage];
    const Tokens length = longest_fitting(grouping, stage, memory, limit, demand);
    if (length >= longest) continue;
    longest = length;
    limiting = memory;
  }
  if (longest <= Tokens(0)) return {longest, {}, cannot_fit(demand.as_of)};
  return {longest, fitted(limit, longest, limiting, demand.as_of), {}};
}

std::optional<Misfit> misfit(const KvGrouping& grouping, std::span<const Bytes> checked, Tokens length,
                             const Demand& demand) {
  using Kind = Misfit::Kind;
  const bool whole = vllm::in_force(kNeed, demand.as_of) == Need::kFirstGroup;
  for (std::size_t stage = 0; stage < (whole ? 1 : checked.size()); ++stage) {
    const Bytes memory = whole ? *std::min_element(checked.begin(), checked.end()) : checked[stage];
    if (memory <= Bytes(0)) return Misfit{Kind::kNoMemory, stage, memory, Bytes(0)};
    if (need_undefined(grouping, demand)) return Misfit{Kind::kUndefined, stage, memory, Bytes(0)};
    const Bytes needed = needed_bytes(grouping, stage, length, demand);
    if (needed > memory) return Misfit{Kind::kTooLong, stage, memory, needed};
  }
  return std::nullopt;
}

std::string sentence(const Misfit& misfit, const KvGrouping& grouping, Tokens length, const Demand& demand) {
  switch (misfit.kind) {
    case Misfit::Kind::kNoMemory:
      return no_memory(demand.as_of);
    case Misfit::Kind::kUndefined:
      return kNoContextParallelWindow;
    case Misfit::Kind::kTooLong:
      break;
  }
  const Tokens fitting = longest_fitting(grouping, misfit.stage, misfit.memory, length, demand);
  return too_long(length, misfit.needed, misfit.memory, fitting, demand.as_of);
}

}  // namespace vram::memory
