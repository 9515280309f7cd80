#include "memory/kv_capacity.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "memory/kv_messages.h"
#include "memory/kv_packed.h"

namespace vram::memory {
namespace {

using Kind = KvSpec::Kind;

constexpr vllm::Step<bool> kEveryBatchInFlight[] = {
    {{}, false, "vllm v0.25.1 vllm/v1/kv_cache_interface.py max_admission_blocks_per_request"},
    {{2026, 7, 8}, true, "https://github.com/vllm-project/vllm/commit/cd0de48d08"},
};
static_assert(vllm::well_formed(kEveryBatchInFlight));

constexpr vllm::Step<bool> kSplitsContext[] = {
    {{}, false, "vllm v0.10.1 vllm/v1/kv_cache_interface.py FullAttentionSpec"},
    {{2025, 9, 6}, true, "~ vllm v0.10.2 vllm/v1/kv_cache_interface.py FullAttentionSpec.max_memory_usage_bytes"},
};
static_assert(vllm::well_formed(kSplitsContext));

/// Whether max_num_encoder_input_tokens is max_num_batched_tokens rather than the longest input the encoder takes.
constexpr vllm::Step<bool> kEncodesABatch[] = {
    {{}, false, "vllm v0.12.0 vllm/config/vllm.py"},
    {{2025, 12, 5}, true, "~ vllm v0.13.0 vllm/config/scheduler.py"},
};
static_assert(vllm::well_formed(kEncodesABatch));

/// States that a request may hold of a recurrent layer.
enum class States { kOne, kByBlock, kByMode, kByModeAndDraft, kFixed };
constexpr vllm::Step<States> kStates[] = {
    {{}, States::kOne, "vllm v0.11.0 vllm/v1/kv_cache_interface.py MambaSpec.max_memory_usage_bytes"},
    {{2025, 10, 15}, States::kByBlock, "~ vllm v0.11.2 vllm/v1/kv_cache_interface.py MambaSpec"},
    {{2026, 1, 23}, States::kByMode, "https://github.com/vllm-project/vllm/commit/5206e5e28c"},
    {{2026, 5, 15}, States::kByModeAndDraft, "~ vllm v0.22.0 vllm/v1/kv_cache_interface.py MambaSpec"},
    {{2026, 10, 10}, States::kFixed, "~ vllm v0.32.0 vllm/v1/kv_cache_interface.py MambaSpec"},
};
static_assert(vllm::well_formed(kStates));

using Divided = BlockRule::Divided;
using Unlike = BlockRule::Unlike;
using Stride = BlockRule::Stride;
constexpr vllm::Step<BlockRule> kBlocks[] = {
    {{},
     {Divided::kWidestStage, Unlike::kTuples, Stride::kPage},
     "vllm v0.8.0 vllm/v1/core/kv_cache_utils.py get_kv_cache_configs"},
    {{2025, 3, 28},
     {Divided::kOwn, Unlike::kTuples, Stride::kPage},
     "~ vllm v0.8.3 vllm/v1/core/kv_cache_utils.py get_kv_cache_config"},
    {{2025, 9, 14},
     {Divided::kWholeModel, Unlike::kTuples, Stride::kPage},
     "~ vllm v0.11.0 vllm/v1/core/kv_cache_utils.py get_kv_cache_config_from_groups"},
    {{2026, 2, 10},
     {Divided::kOwn, Unlike::kTuples, Stride::kPage},
     "https://github.com/vllm-project/vllm/commit/c5a66d1697"},
    {{2026, 6, 1},
     {Divided::kOwn, Unlike::kSlots, Stride::kPage},
     "~ vllm v0.23.0 vllm/v1/core/kv_cache_utils.py _bucket_layers_by_page_size"},
    {{2026, 7, 23},
     {Divided::kOwn, Unlike::kWidest, Stride::kPage},
     "~ vllm v0.27.0 vllm/v1/core/kv_cache_utils.py _get_packed_kv_cache_layout"},
    {{2026, 9, 22},
     {Divided::kOwn, Unlike::kWidest, Stride::kRounded},
     "~ vllm v0.31.0 vllm/v1/core/kv_cache_utils.py _get_kv_cache_bytes_per_block"},
    {{2026, 10, 10},
     {Divided::kOwn, Unlike::kWidest, Stride::kRoundedByLayout},
     "~ vllm v0.32.0 vllm/v1/core/kv_cache_utils.py _get_kv_cache_bytes_per_block"},
};
static_assert(vllm::well_formed(kBlocks));

constexpr vllm::Step<bool> kChecksLayout[] = {
    {{}, false, "vllm v0.28.0 vllm/v1/core/kv_cache_utils.py"},
    {{2026, 8, 25}, true, "~ vllm v0.29.0 vllm/v1/core/kv_cache_utils.py validate_kv_cache_layout"},
};
static_assert(vllm::well_formed(kChecksLayout));

std::int64_t sum(std::int64_t a, std::int64_t b) { return saturated(Wide(a) + b); }

/// Bytes that the stride between two blocks must be a multiple of.
std::int64_t stride_alignment(const KvSpec& spec) {
  if (!spec.stride_kernel_block) return spec.stride_alignment;
  const std::int64_t kernel = std::gcd(spec.stride_kernel_block, spec.block_size.count());
  return kernel == spec.block_size.count() ? 1 : with_block_size(spec, Tokens(kernel)).page_size().count();
}

/// The widest group's pages on the stage, with the room that strides ask for.
Bytes widest_block(std::span<const LayerGroup> groups, std::size_t stage, Stride rule, const std::string& layout) {
  const bool by_layer = rule == Stride::kRoundedByLayout && !block_outermost(layout);
  Bytes most;
  std::int64_t common = 1;
  for (const LayerGroup& group : groups) {
    Bytes bytes;
    for (const LayerGroup::Member& member : group.members) {
      if (!member.layers[stage]) continue;
      const std::int64_t alignment = rule == Stride::kPage ? 1 : stride_alignment(member.spec);
      const std::int64_t page = member.spec.page_size().count();
      bytes += Bytes(by_layer ? round_up(page, alignment) : page) * member.layers[stage];
      if (!by_layer) common = common / std::gcd(common, alignment) * alignment;
    }
    most = std::max(most, bytes);
  }
  return Bytes(round_up(most.count(), common));
}

/// Layers of each page size in a group on the stage.
std::map<Bytes, std::int64_t> layers_by_page(const LayerGroup& group, std::size_t stage) {
  std::map<Bytes, std::int64_t> layers;
  for (const LayerGroup::Member& member : group.members)
    if (member.layers[stage]) layers[member.spec.page_size()] += member.layers[stage];
  return layers;
}

Bytes unlike_block(std::span<const LayerGroup> groups, std::size_t stage, const BlockRule& rule) {
  if (rule.unlike == Unlike::kWidest) return widest_block(groups, stage, Stride::kPage, {});
  std::map<Bytes, std::int64_t> slots;
  std::int64_t tuples = 0;
  Bytes tuple;
  for (const LayerGroup& group : groups)
    for (const auto& [page, layers] : layers_by_page(group, stage)) {
      slots[page] = std::max(slots[page], layers);
      tuples = std::max(tuples, layers);
      if (&group == &groups.front()) tuple += page;
    }
  if (rule.unlike == Unlike::kTuples) return tuple * tuples;
  Bytes bytes;
  for (const auto& [page, layers] : slots) bytes += page * layers;
  return bytes;
}

}  // namespace

const BlockRule& block_rule(vllm::Date as_of) { return vllm::in_force(kBlocks, as_of); }

Demand demand(const KvSettings& settings, vllm::Date as_of) {
  const std::int64_t batches = vllm::in_force(kEveryBatchInFlight, as_of) ? settings.max_concurrent_batches : 1;
  const std::int64_t ranks = vllm::in_force(kSplitsContext, as_of) ? settings.decode_context_parallel : 1;
  const bool encodes_a_batch = vllm::in_force(kEncodesABatch, as_of);
  const Tokens encoder(encodes_a_batch ? settings.max_num_batched_tokens : settings.encoder_tokens);
  return {Tokens(settings.max_num_batched_tokens) * batches, encoder, ranks, settings.mamba_cache_mode, as_of};
}

std::int64_t blocks_of(const KvSpec& spec, Tokens length, const Demand& demand) {
  const auto blocks = [&](Tokens tokens) { return blocks_for(tokens, spec.block_size).count(); };
  switch (spec.kind) {
    case Kind::kFull:
    case Kind::kSinkFull:
    case Kind::kReferenceWindow:
    case Kind::kMla:
    case Kind::kHiddenState:
      return blocks(spec.dcp_sharded ? Tokens(ceil_div(length.count(), demand.context_ranks)) : length);
    case Kind::kSlidingWindow:
    case Kind::kSlidingWindowMla:
      // One more, since a window need not begin where a block does.
      return sum(blocks(std::min(*spec.window - Tokens(1) + spec.retained + demand.in_flight, length)), 1);
    case Kind::kChunkedLocal:
      return blocks(std::min(*spec.chunk + demand.in_flight, length));
    case Kind::kCircularBuffer:
      return 1;
    case Kind::kCross:
      return blocks(demand.encoder);
    case Kind::kMamba:
      break;
  }
  const States rule = vllm::in_force(kStates, demand.as_of);
  if (rule == States::kOne) return 1;
  const bool every_block = rule == States::kByBlock || (demand.mamba_mode == "all" && rule != States::kFixed);
  if (every_block) return sum(blocks(length), rule == States::kByModeAndDraft ? spec.speculative_blocks : 0);
  if (demand.mamba_mode == "align") return 2 + spec.speculative_blocks + spec.checkpoint_blocks;
  return 1 + spec.speculative_blocks;
}

std::int64_t blocks_of(const LayerGroup& group, Tokens length, const Demand& demand) {
  std::int64_t most = 0;
  for (const LayerGroup::Member& member : group.members) most = std::max(most, blocks_of(member.spec, length, demand));
  return most;
}

std::span<const LayerGroup> groups_on(const KvGrouping& grouping, std::size_t stage) {
  return grouping.by_stage.empty() ? grouping.groups : grouping.by_stage[stage];
}

Bytes bytes_per_block(const KvGrouping& grouping, std::size_t stage, vllm::Date as_of) {
  const BlockRule& rule = block_rule(as_of);
  const std::span<const LayerGroup> groups = groups_on(grouping, stage);
  if (groups.empty()) return Bytes(0);
  if (rule.stride != Stride::kPage) return widest_block(groups, stage, rule.stride, grouping.layout);
  if (groups.size() == 1 && groups.front().uniform_type) return groups.front().pages_on(stage);
  if (std::all_of(groups.begin(), groups.end(), [](const LayerGroup& g) { return g.uniform_type; }))
    return unlike_block(groups, stage, rule);
  return widest_block(groups, stage, Stride::kPage, {});
}

Bytes bytes_divided(const KvGrouping& grouping, std::size_t stage, vllm::Date as_of) {
  const std::span<const LayerGroup> groups = groups_on(grouping, stage);
  const Divided rule = block_rule(as_of).divided;
  if (rule == Divided::kWholeModel && groups.size() == 1 && groups.front().uniform_type) return groups.front().pages();
  Bytes bytes = bytes_per_block(grouping, stage, as_of);
  if (rule == Divided::kWidestStage)
    for (std::size_t other = 0; other < grouping.stages; ++other)
      bytes = std::max(bytes, bytes_per_block(grouping, other, as_of));
  return bytes;
}

std::optional<std::string> layout_refusal(const KvGrouping& grouping, std::size_t stage, vllm::Date as_of) {
  if (!vllm::in_force(kChecksLayout, as_of) || grouping.layout.size() < 2) return std::nullopt;
  std::set<Bytes> pages;
  for (const LayerGroup& group : grouping.groups)
    for (const LayerGroup::Member& member : group.members)
      if (member.layers[stage]) pages.insert(member.spec.page_size());
  if (pages.size() <= 1) return std::nullopt;
  const std::string_view outer = std::string_view(grouping.layout).substr(0, 2);
  const bool block_compact = outer == "LB" || outer == "BL";
  if (block_compact && (grouping.groups.size() == 1 || outer == "BL")) return std::nullopt;
  return layout_cannot(grouping.layout, {pages.begin(), pages.end()});
}

}  // namespace vram::memory
