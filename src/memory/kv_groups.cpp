#include "memory/kv_groups.h"

#include <algorithm>
#include <numeric>

#include "memory/kv_alike.h"
#include "memory/kv_capacity.h"
#include "memory/kv_messages.h"
#include "memory/kv_packed.h"
#include "memory/kv_unify.h"

namespace vram::memory {
namespace {

using Kind = KvSpec::Kind;

/// How buckets of equal layers are cut into groups of one size.
struct Cutting {
  std::int64_t more, less;  // the largest bucket sets the size when largest * less < smallest * more; 0 never
  bool strided;             // every n-th layer instead of runs
  bool merges;              // buckets that can be merged are one
};
constexpr vllm::Step<Cutting> kCutting[] = {
    {{}, {0, 0, false, false}, "vllm v0.10.2 vllm/v1/core/kv_cache_utils.py _get_kv_cache_config_uniform_page_size"},
    {{2025, 9, 14}, {0, 0, true, false}, "~ https://github.com/vllm-project/vllm/commit/8e5cdcda4e"},
    {{2025, 11, 24}, {5, 4, true, false}, "https://github.com/vllm-project/vllm/commit/71df2a57ef"},
    {{2026, 3, 12}, {3, 2, true, false}, "https://github.com/vllm-project/vllm/commit/891c60dcd5"},
    {{2026, 7, 23},
     {3, 2, true, true},
     "~ vllm v0.27.0 vllm/v1/core/kv_cache_utils.py _get_kv_cache_groups_uniform_page_size"},
};
static_assert(vllm::well_formed(kCutting));

constexpr vllm::Step<bool> kByStage[] = {
    {{}, true, "vllm v0.10.2 vllm/v1/core/kv_cache_utils.py get_kv_cache_config"},
    {{2025, 9, 14}, false, "~ https://github.com/vllm-project/vllm/commit/8e5cdcda4e"},
};
static_assert(vllm::well_formed(kByStage));

constexpr vllm::Step<bool> kBeforeProfiling[] = {
    {{}, false, "vllm v0.32.0 vllm/v1/engine/core.py"},
    {{2026, 10, 25}, true, "~ vllm v0.33.0 vllm/v1/engine/core.py get_global_kv_cache_groups"},
};
static_assert(vllm::well_formed(kBeforeProfiling));

constexpr vllm::Step<bool> kUniformType[] = {
    {{}, false, "vllm v0.10.2 vllm/v1/core/kv_cache_utils.py"},
    {{2025, 9, 19}, true, "~ https://github.com/vllm-project/vllm/commit/9607d5eb44"},
};
static_assert(vllm::well_formed(kUniformType));

constexpr vllm::Step<bool> kEqualisesPages[] = {
    {{}, false, "vllm v0.11.2 vllm/v1/core/kv_cache_utils.py get_kv_cache_groups"},
    {{2025, 11, 25}, true, "https://github.com/vllm-project/vllm/commit/48ddb02b79"},
};
static_assert(vllm::well_formed(kEqualisesPages));

constexpr vllm::Step<bool> kFallsBack[] = {
    {{}, false, "vllm v0.26.0 vllm/v1/core/kv_cache_utils.py"},
    {{2026, 7, 23}, true, "vllm v0.27.0 vllm/v1/core/kv_cache_utils.py _try_get_full_allocation_fallback_groups"},
};
static_assert(vllm::well_formed(kFallsBack));

constexpr vllm::Step<bool> kRetains[] = {
    {{}, false, "vllm v0.27.0 vllm/v1/kv_cache_interface.py SlidingWindowSpec"},
    {{2026, 8, 10}, true, "~ https://github.com/vllm-project/vllm/commit/f80b66f548"},
};
static_assert(vllm::well_formed(kRetains));

/// How the blocks of a hidden-state cache are sized.
struct HiddenBlocks {
  bool divides, widens;
};
constexpr vllm::Step<HiddenBlocks> kHiddenBlocks[] = {
    {{}, {false, false}, "vllm v0.22.0 vllm/v1/core/kv_cache_utils.py get_kv_cache_groups"},
    {{2026, 8, 10}, {true, false}, "~ vllm v0.28.0 vllm/v1/core/kv_cache_utils.py _largest_divisor_at_most"},
    {{2026, 9, 7}, {true, true}, "~ vllm v0.30.0 vllm/v1/core/kv_cache_utils.py _ensure_min_page_size"},
};
static_assert(vllm::well_formed(kHiddenBlocks));

LayerGroup::Member member(const KvLayers& layers, std::size_t spec) {
  LayerGroup::Member member{layers.specs[spec], std::vector<std::int64_t>(layers.stages, 0)};
  for (std::size_t i = 0; i < layers.spec.size(); ++i)
    if (layers.spec[i] == spec) ++member.layers[layers.stage[i]];
  return member;
}

/// All layers as one group of `spec`.
LayerGroup one_group(const KvLayers& layers, KvSpec spec) {
  LayerGroup group;
  group.members.push_back({std::move(spec), std::vector<std::int64_t>(layers.stages, 0)});
  for (const std::uint16_t stage : layers.stage) ++group.members.front().layers[stage];
  return group;
}

LayerGroup one_uniform_group(const KvLayers& layers) {
  LayerGroup group;
  group.uniform_type = true;
  for (std::size_t i = 0; i < layers.specs.size(); ++i) group.members.push_back(member(layers, i));
  return group;
}

/// Layers whose specs are equal, or from 0.27 mergeable; in each bucket spec after spec.
struct Bucket {
  std::vector<KvSpec> specs;
  std::vector<std::size_t> layers;
};

std::vector<Bucket> buckets_of(const KvLayers& layers, bool merges, vllm::Date as_of) {
  std::vector<Bucket> buckets;
  std::vector<std::vector<std::size_t>> of_spec(layers.specs.size());
  for (std::size_t i = 0; i < layers.spec.size(); ++i) of_spec[layers.spec[i]].push_back(i);
  for (std::size_t s = 0; s < layers.specs.size(); ++s) {
    Bucket* home = nullptr;
    for (Bucket& bucket : buckets) {
      if (!merges || home) continue;
      std::vector<KvSpec> together = bucket.specs;
      together.push_back(layers.specs[s]);
      if (merge_specs(together, as_of).spec) home = &bucket;
    }
    if (!home) home = &buckets.emplace_back();
    home->specs.push_back(layers.specs[s]);
    home->layers.insert(home->layers.end(), of_spec[s].begin(), of_spec[s].end());
  }
  return buckets;
}

/// The n-th of `groups` groups of a bucket.
LayerGroup cut(const KvLayers& layers, const Bucket& bucket, std::size_t nth, std::size_t groups, std::size_t size,
               bool strided, vllm::Date as_of) {
  LayerGroup group;
  std::vector<KvSpec> specs;
  std::vector<std::int64_t> on_stage(layers.stages, 0);
  const std::size_t step = strided ? groups : 1;
  const std::size_t end = strided ? bucket.layers.size() : std::min((nth + 1) * size, bucket.layers.size());
  for (std::size_t i = strided ? nth : nth * size; i < end; i += step) {
    const std::size_t layer = bucket.layers[i];
    ++on_stage[layers.stage[layer]];
    const KvSpec& spec = layers.specs[layers.spec[layer]];
    if (bucket.specs.size() > 1 && std::find(specs.begin(), specs.end(), spec) == specs.end()) specs.push_back(spec);
  }
  KvSpec spec = bucket.specs.size() == 1 ? bucket.specs.front() : *merge_specs(specs, as_of).spec;
  group.members.push_back({std::move(spec), std::move(on_stage)});
  return group;
}

/// Groups of as many layers each, all pages being equal.
std::vector<LayerGroup> page_groups(const KvLayers& layers, vllm::Date as_of, std::vector<std::string>& log) {
  const Cutting& rule = vllm::in_force(kCutting, as_of);
  const std::vector<Bucket> buckets = buckets_of(layers, rule.merges, as_of);
  std::int64_t least = std::int64_t(layers.spec.size()), most = 0;
  for (const Bucket& bucket : buckets) {
    least = std::min(least, std::int64_t(bucket.layers.size()));
    most = std::max(most, std::int64_t(bucket.layers.size()));
  }
  const std::int64_t size = rule.less && most * rule.less < least * rule.more ? most : least;
  std::vector<LayerGroup> groups;
  for (const Bucket& bucket : buckets) {
    const std::int64_t count = std::int64_t(bucket.layers.size());
    if (count % size) log.push_back(padding_layers(size - count % size, count));
    const std::size_t parts = std::size_t(ceil_div(count, size));
    for (std::size_t i = 0; i < parts; ++i)
      groups.push_back(cut(layers, bucket, i, parts, std::size_t(size), rule.strided, as_of));
  }
  return groups;
}

/// Blocks of hidden-state layers made to fill the others' page; each is a group of its own.
void add_hidden_groups(const KvLayers& hidden, vllm::Date as_of, KvGrouping& grouping) {
  if (hidden.empty()) return;
  const HiddenBlocks rule = vllm::in_force(kHiddenBlocks, as_of);
  const auto per_token = [](const KvSpec& s) { return Bytes(width(s.dtype)) * s.kv_heads * s.head_size; };
  Bytes page = grouping.groups.front().first().page_size(), most;
  for (const KvSpec& spec : hidden.specs) most = std::max(most, per_token(spec));
  if (rule.widens && most > page) {
    const std::int64_t scale = ceil_div(most.count(), page.count());
    for (LayerGroup& group : grouping.groups) {
      KvSpec& spec = group.members.front().spec;
      const std::optional<Bytes> padded = spec.page_padded;
      spec = with_block_size(spec, Tokens(spec.block_size.count() * scale));
      if (padded) spec.page_padded = *padded * scale;
    }
    page = page * scale;
  }
  std::int64_t common = 0;
  for (const LayerGroup& group : grouping.groups) common = std::gcd(common, group.first().block_size.count());
  for (std::size_t i = 0; i < hidden.spec.size(); ++i) {
    KvSpec spec = hidden.specs[hidden.spec[i]];
    const Bytes token = per_token(spec);
    std::int64_t block = std::max<std::int64_t>(page / token, 1);
    if (rule.divides) {
      block = std::min(block, common);
      while (common % block) --block;
      grouping.log.push_back(hidden_block(block, full_name(hidden.first[hidden.spec[i]]), page - token * block, page));
    }
    spec = with_block_size(spec, Tokens(block));
    if (spec.page > page) return void(grouping.refusal = kAssertionError);
    spec.page_padded = page;
    LayerGroup group;
    group.members.push_back({std::move(spec), std::vector<std::int64_t>(hidden.stages, 0)});
    group.members.front().layers[hidden.stage[i]] = 1;
    grouping.groups.push_back(std::move(group));
  }
}

/// Latent attention next to ordinary windows whose pages cannot be made equal: all planned as full attention.
std::optional<std::vector<LayerGroup>> full_allocation(const KvLayers& layers, vllm::Date as_of,
                                                       std::vector<std::string>& log) {
  const auto any = [&](auto test) { return std::any_of(layers.specs.begin(), layers.specs.end(), test); };
  const auto kind = [](Kind wanted) { return [wanted](const KvSpec& s) { return s.kind == wanted; }; };
  if (any(kind(Kind::kHiddenState)) || any(kind(Kind::kSlidingWindowMla)) || any(kind(Kind::kChunkedLocal)) ||
      !any(kind(Kind::kMla)) || !any(kind(Kind::kSlidingWindow)))
    return std::nullopt;
  const Unified promoted = promote_local(layers, as_of);
  if (promoted.refusal || !uniform_type(promoted.layers.specs, as_of)) return std::nullopt;
  log.emplace_back(kFullAllocation);
  return std::vector<LayerGroup>{one_uniform_group(promoted.layers)};
}

/// Layers of several types: packed, or in groups of equal pages.
void group_mixed(const KvLayers& layers, vllm::Date as_of, KvGrouping& grouping) {
  if (auto groups = tuple_groups(layers, as_of)) return void(grouping.groups = *std::move(groups));
  const auto hidden = [](const KvSpec& s) { return s.kind == Kind::kHiddenState; };
  KvLayers rest = filter_layers(layers, [&](const KvSpec& s) { return !hidden(s); });
  if (auto groups = packed_groups(rest, grouping.layout, as_of)) {
    grouping.groups = *std::move(groups);
    for (std::size_t i = 0; i < layers.spec.size(); ++i)
      if (hidden(layers.specs[layers.spec[i]])) {
        LayerGroup group = uniform_group(layers, std::span(&i, 1));
        group.uniform_type = false;
        grouping.groups.push_back(std::move(group));
      }
    return;
  }
  if (vllm::in_force(kEqualisesPages, as_of)) {
    Unified equal = equal_pages(rest, as_of);
    if (equal.page_mismatch && vllm::in_force(kFallsBack, as_of))
      if (auto groups = full_allocation(layers, as_of, grouping.log)) return void(grouping.groups = *std::move(groups));
    if (equal.refusal) return void(grouping.refusal = std::move(equal.refusal));
    rest = std::move(equal.layers);
  } else if (std::any_of(rest.specs.begin(), rest.specs.end(),
                         [&](const KvSpec& s) { return s.page_size() != rest.specs.front().page_size(); })) {
    return void(grouping.refusal = kNotImplemented);
  }
  grouping.groups = page_groups(rest, as_of, grouping.log);
  add_hidden_groups(filter_layers(layers, hidden), as_of, grouping);
}

void group_one(KvLayers layers, vllm::Date as_of, const KvShape& settings, KvGrouping& grouping) {
  if (!settings.hybrid_manager || always_promotes(as_of)) {
    Unified unified = without_hybrid_manager(std::move(layers), as_of, grouping.log);
    if (unified.refusal) return void(grouping.refusal = std::move(unified.refusal));
    layers = std::move(unified.layers);
  }
  if (layers.empty()) return;
  Merge merge = merge_specs(layers.specs, as_of);
  if (merge.refusal) return void(grouping.refusal = std::move(merge.refusal));
  if (merge.spec)
    grouping.groups.push_back(one_group(layers, *std::move(merge.spec)));
  else if (vllm::in_force(kUniformType, as_of) && uniform_type(layers.specs, as_of))
    grouping.groups.push_back(one_uniform_group(layers));
  else
    group_mixed(layers, as_of, grouping);
}

/// Once all stages are planned, vLLM 0.9 and 0.10 order their groups: by the spec's class and figures.
std::string order_by_class(const KvSpec& s) {
  constexpr Kind kByName[] = {Kind::kChunkedLocal, Kind::kCross, Kind::kFull, Kind::kMamba, Kind::kSlidingWindow};
  const auto at = std::find(std::begin(kByName), std::end(kByName), s.kind) - std::begin(kByName);
  std::string key(1, char('0' + at));
  for (const std::int64_t figure : {s.block_size.count(), s.kv_heads, s.head_size, s.window.value_or(Tokens(0)).count(),
                                    s.chunk.value_or(Tokens(0)).count(), s.page.count()}) {
    const std::string digits = std::to_string(figure);
    key += std::string(20 - digits.size(), '0') + digits;
  }
  return key;
}

/// Up to 0.10.0 by a text, in which 1024 comes before 512.
std::string order_by_type_id(const KvSpec& s) {
  const std::string tail = '_' + std::to_string(s.block_size.count()) + '_' + std::to_string(s.page_size().count());
  if (s.kind == Kind::kSlidingWindow) return "sliding_window_" + std::to_string(s.window->count()) + tail;
  if (s.kind == Kind::kChunkedLocal) return "local_attention_" + std::to_string(s.chunk->count()) + tail;
  if (s.kind == Kind::kMamba) return "mamba_" + s.mamba_kind;
  return "full_attention" + tail;
}

constexpr vllm::Step<std::string (*)(const KvSpec&)> kOrder[] = {
    {{}, order_by_type_id, "vllm v0.10.0 vllm/v1/core/kv_cache_utils.py unify_kv_cache_configs"},
    {{2025, 8, 1}, order_by_class, "~ vllm v0.10.1 vllm/v1/core/kv_cache_utils.py unify_kv_cache_configs"},
};
static_assert(vllm::well_formed(kOrder));

void sort_groups(std::vector<LayerGroup>& groups, vllm::Date as_of) {
  const auto order = vllm::in_force(kOrder, as_of);
  if (groups.size() > 1)
    std::stable_sort(groups.begin(), groups.end(),
                     [&](const LayerGroup& a, const LayerGroup& b) { return order(a.first()) < order(b.first()); });
}

/// Each stage's own groups, which must be alike as far as both go.
void group_by_stage(const KvLayers& layers, vllm::Date as_of, const KvShape& settings, KvGrouping& grouping) {
  for (std::size_t stage = 0; stage < layers.stages; ++stage) {
    KvGrouping own;
    own.layout = grouping.layout;
    group_one(layers_of_stage(layers, stage), as_of, settings, own);
    grouping.log_by_stage.push_back(std::move(own.log));
    if (own.refusal) {
      grouping.refusal = std::move(own.refusal);
      grouping.refused_stage = stage;
      return;
    }
    if (stage == 0) grouping.groups = own.groups;
    grouping.by_stage.push_back(std::move(own.groups));
  }
  for (std::vector<LayerGroup>& groups : grouping.by_stage) {
    sort_groups(groups, as_of);
    const std::vector<LayerGroup>& first = grouping.by_stage.front();
    for (std::size_t i = 0; i < std::min(first.size(), groups.size()); ++i)
      if (first[i].first() != groups[i].first()) {
        grouping.refusal = kAssertionError;
        grouping.refused_stage = layers.stages - 1;
      }
  }
}

}  // namespace

std::int64_t LayerGroup::Member::total() const {
  return std::accumulate(layers.begin(), layers.end(), std::int64_t{0});
}

std::int64_t LayerGroup::layers_on(std::size_t stage) const {
  std::int64_t count = 0;
  for (const Member& member : members) count += member.layers[stage];
  return count;
}

std::int64_t LayerGroup::layers() const {
  std::int64_t count = 0;
  for (const Member& member : members) count += member.total();
  return count;
}

Bytes LayerGroup::pages_on(std::size_t stage) const {
  Bytes bytes;
  for (const Member& member : members) bytes += member.spec.page_size() * member.layers[stage];
  return bytes;
}

Bytes LayerGroup::pages() const {
  Bytes bytes;
  for (const Member& member : members) bytes += member.spec.page_size() * member.total();
  return bytes;
}

bool groups_by_stage(vllm::Date as_of) { return vllm::in_force(kByStage, as_of); }

bool groups_before_profiling(vllm::Date as_of) { return vllm::in_force(kBeforeProfiling, as_of); }

LayerGroup uniform_group(const KvLayers& layers, std::span<const std::size_t> group) {
  LayerGroup made;
  made.uniform_type = true;
  std::vector<int> place(layers.specs.size(), -1);
  for (const std::size_t layer : group) {
    int& at = place[layers.spec[layer]];
    if (at < 0) {
      at = int(made.members.size());
      made.members.push_back({layers.specs[layers.spec[layer]], std::vector<std::int64_t>(layers.stages, 0)});
    }
    ++made.members[std::size_t(at)].layers[layers.stage[layer]];
  }
  return made;
}

KvGrouping group_layers(std::span<const KvSpecs> stages, vllm::Date as_of, const KvShape& settings) {
  KvGrouping grouping;
  grouping.stages = stages.size();
  if (stages.empty()) return grouping;
  grouping.cache_block_size = stages.front().backends.block_size;
  grouping.layout = stages.front().backends.layout;
  KvLayers layers = collect_layers(stages);
  for (std::size_t i = 0; i < layers.specs.size(); ++i) grouping.layers.push_back(member(layers, i));
  const std::int64_t modules = std::min(settings.mtp_modules, settings.speculative_tokens);
  if (settings.speculative_method == "mtp" && modules > 1 && vllm::in_force(kRetains, as_of))
    layers = change_specs(layers, [&](KvSpec spec) {
      if (is_sliding(spec.kind)) spec.retained = Tokens(settings.speculative_tokens - 1);
      return spec;
    });
  if (groups_by_stage(as_of))
    group_by_stage(layers, as_of, settings, grouping);
  else
    group_one(std::move(layers), as_of, settings, grouping);
  if (!grouping.refusal)
    for (std::size_t stage = 0; stage < grouping.stages; ++stage)
      grouping.blocks.push_back({bytes_per_block(grouping, stage, as_of), bytes_divided(grouping, stage, as_of),
                                 layout_refusal(grouping, stage, as_of)});
  return grouping;
}

}  // namespace vram::memory
