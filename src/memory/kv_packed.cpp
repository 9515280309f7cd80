#include "memory/kv_packed.h"

#include <algorithm>
#include <map>

#include "memory/kv_alike.h"

namespace vram::memory {
namespace {

using Kind = KvSpec::Kind;

/// When DeepSeek-V4's tuples are formed, and what becomes of their pages.
struct Tuples {
  bool used;
  bool pads;          // a window's page grows to the next larger one of the latent layers
  bool needs_unlike;  // only where pages differ
};
constexpr vllm::Step<Tuples> kTuples[] = {
    {{}, {false, false, false}, "vllm v0.19.0 vllm/v1/core/kv_cache_utils.py"},
    {{2026, 4, 15},
     {true, true, false},
     "~ vllm v0.20.0 vllm/v1/core/kv_cache_utils.py group_and_unify_kv_cache_specs"},
    {{2026, 7, 10}, {true, true, true}, "~ vllm v0.26.0 vllm/v1/core/kv_cache_utils.py group_and_unify_kv_cache_specs"},
    {{2026, 7, 23},
     {true, false, true},
     "~ vllm v0.27.0 vllm/v1/core/kv_cache_utils.py _get_kv_cache_groups_uniform_groups"},
    {{2026, 8, 25}, {false, false, false}, "~ vllm v0.29.0 vllm/v1/core/kv_cache_utils.py _get_packed_kv_cache_groups"},
};
static_assert(vllm::well_formed(kTuples));

/// Which buckets hold a few states a request and are cut to the blocks that the others need.
struct Packing {
  bool used;
  bool windows;  // besides recurrent states: rings, and windows where nothing repeats
};
constexpr vllm::Step<Packing> kPacking[] = {
    {{}, {false, false}, "vllm v0.28.0 vllm/v1/core/kv_cache_utils.py"},
    {{2026, 8, 25}, {true, false}, "~ vllm v0.29.0 vllm/v1/core/kv_cache_utils.py _get_packed_kv_cache_groups"},
    {{2026, 9, 7}, {true, true}, "~ vllm v0.30.0 vllm/v1/core/kv_cache_utils.py is_state_bucket"},
};
static_assert(vllm::well_formed(kPacking));

/// Layers of one type, by the size of their pages, both in order of appearance.
struct Bucket {
  std::vector<KvSpec> specs;
  std::vector<std::size_t> layers;
  std::vector<std::pair<Bytes, std::vector<std::size_t>>> by_page;

  void add(const KvLayers& all, std::size_t layer) {
    layers.push_back(layer);
    const Bytes page = all.specs[all.spec[layer]].page_size();
    for (auto& [size, members] : by_page)
      if (size == page) return members.push_back(layer);
    by_page.push_back({page, {layer}});
  }
  [[nodiscard]] std::int64_t repeats() const {
    std::size_t most = 0;
    for (const auto& [page, members] : by_page) most = std::max(most, members.size());
    return std::int64_t(most);
  }
  /// As many layers of every page size: a pattern that repeats.
  [[nodiscard]] bool balanced() const {
    return std::all_of(by_page.begin(), by_page.end(),
                       [&](const auto& page) { return page.second.size() == by_page.front().second.size(); });
  }
  /// Page bytes of the largest of the `groups` groups that the bucket is cut into.
  [[nodiscard]] Bytes widest(std::int64_t groups) const {
    Bytes bytes;
    for (const auto& [page, members] : by_page) bytes += page * ceil_div(std::int64_t(members.size()), groups);
    return bytes;
  }
};

/// The size, at least `least`, to whose multiples `counts` are rounded up with the least padding; the larger of two.
///
///   source  vllm v0.33.0 vllm/v1/core/kv_cache_planning.py, _approximate_gcd
std::int64_t approximate_gcd(const std::vector<std::int64_t>& counts, std::int64_t least) {
  const std::int64_t first = std::max<std::int64_t>(1, least);
  std::int64_t best = first, best_padding = -1;
  for (std::int64_t size = first; size <= *std::max_element(counts.begin(), counts.end()); ++size) {
    std::int64_t padding = 0;
    for (const std::int64_t count : counts) padding += round_up(count, size) - count;
    if (best_padding >= 0 && padding > best_padding) continue;
    best_padding = padding;
    best = size;
  }
  return best;
}

/// Appends the `parts` groups of a bucket: every parts-th repeat of its pattern, in the order of the pattern.
void cut(const KvLayers& layers, const Bucket& bucket, std::int64_t parts, std::vector<LayerGroup>& groups) {
  if (parts == 1) return groups.push_back(uniform_group(layers, bucket.layers));
  for (std::size_t part = 0; part < std::size_t(parts); ++part) {
    std::vector<std::size_t> members;
    for (std::size_t i = part; i < std::size_t(bucket.repeats()); i += std::size_t(parts))
      for (const auto& [page, of_page] : bucket.by_page)
        if (i < of_page.size()) members.push_back(of_page[i]);
    groups.push_back(uniform_group(layers, members));
  }
}

std::vector<Bucket> buckets_of(const KvLayers& layers, vllm::Date as_of) {
  std::vector<Bucket> buckets;
  std::vector<std::size_t> home;
  for (const KvSpec& spec : layers.specs) {
    std::size_t at = 0;
    for (; at < buckets.size(); ++at) {
      std::vector<KvSpec> together = buckets[at].specs;
      together.push_back(spec);
      if (uniform_type(together, as_of)) break;
    }
    if (at == buckets.size()) buckets.emplace_back();
    buckets[at].specs.push_back(spec);
    home.push_back(at);
  }
  for (std::size_t i = 0; i < layers.spec.size(); ++i) buckets[home[layers.spec[i]]].add(layers, i);
  return buckets;
}

}  // namespace

std::optional<std::vector<LayerGroup>> tuple_groups(const KvLayers& layers, vllm::Date as_of) {
  const Tuples& rule = vllm::in_force(kTuples, as_of);
  const auto latent_window = [](const KvSpec& s) { return s.kind == Kind::kSlidingWindowMla; };
  if (!rule.used || std::none_of(layers.specs.begin(), layers.specs.end(), latent_window)) return std::nullopt;
  const auto same_page = [&](const KvSpec& s) { return s.page_size() == layers.specs.front().page_size(); };
  if (rule.needs_unlike && std::all_of(layers.specs.begin(), layers.specs.end(), same_page)) return std::nullopt;

  Bucket latent;
  std::map<std::pair<Tokens, Tokens>, std::size_t> place;
  std::vector<Bucket> windows;
  KvLayers padded = layers;
  for (std::size_t i = 0; i < layers.spec.size(); ++i)
    if (is_mla(layers.specs[layers.spec[i]].kind)) latent.add(layers, i);
  for (KvSpec& spec : padded.specs) {
    if (!rule.pads || !latent_window(spec)) continue;
    std::optional<Bytes> next;
    for (const auto& [page, members] : latent.by_page)
      if (page >= spec.page_size() && (!next || page < *next)) next = page;
    if (next && *next != spec.page_size()) spec.page_padded = next;
  }
  for (std::size_t i = 0; i < layers.spec.size(); ++i) {
    const KvSpec& spec = layers.specs[layers.spec[i]];
    if (!latent_window(spec)) continue;
    const auto [at, fresh] = place.try_emplace({spec.block_size, *spec.window}, windows.size());
    if (fresh) windows.emplace_back();
    windows[at->second].add(padded, i);
  }
  std::vector<std::int64_t> tuples{latent.repeats()};
  for (const Bucket& bucket : windows) tuples.push_back(bucket.repeats());
  const std::int64_t size = approximate_gcd(tuples, tuples.front());
  std::vector<LayerGroup> groups{uniform_group(padded, latent.layers)};
  for (const Bucket& bucket : windows) cut(padded, bucket, ceil_div(bucket.repeats(), size), groups);
  return groups;
}

std::optional<std::vector<LayerGroup>> packed_groups(const KvLayers& layers, const std::string& layout,
                                                     vllm::Date as_of) {
  const Packing& rule = vllm::in_force(kPacking, as_of);
  const auto same_page = [&](const KvSpec& s) { return s.page_size() == layers.specs.front().page_size(); };
  if (!rule.used || !block_outermost(layout) || std::all_of(layers.specs.begin(), layers.specs.end(), same_page))
    return std::nullopt;

  const std::vector<Bucket> buckets = buckets_of(layers, as_of);
  std::int64_t least = 0;
  std::vector<std::int64_t> counts;
  for (const Bucket& bucket : buckets) {
    if (!bucket.balanced()) continue;
    counts.push_back(bucket.repeats());
    if (bucket.by_page.size() > 1) least = std::max(least, bucket.repeats());
  }
  const std::int64_t repeats = least ? approximate_gcd(counts, least) : 0;

  const auto parts_of = [&](const Bucket& bucket) {
    return repeats && bucket.balanced() ? ceil_div(bucket.repeats(), repeats) : 1;
  };
  const auto holds_states = [&](const Bucket& bucket) {
    const Kind kind = bucket.specs.front().kind;
    if (kind == Kind::kMamba) return true;
    return rule.windows && (kind == Kind::kCircularBuffer || (!repeats && is_sliding(kind)));
  };
  Bytes anchor;
  for (const Bucket& bucket : buckets)
    anchor =
        std::max(anchor, bucket.widest(holds_states(bucket) ? std::int64_t(bucket.layers.size()) : parts_of(bucket)));
  std::vector<LayerGroup> groups;
  for (const Bucket& bucket : buckets) {
    std::int64_t parts = parts_of(bucket);
    if (anchor > Bytes(0) && holds_states(bucket)) {
      // A group of states takes no more of them than a block holds anyway, rather than widening the block.
      const std::int64_t states = std::max<std::int64_t>(anchor / bucket.specs.front().page_size(), 1);
      parts = std::max(parts, ceil_div(std::int64_t(bucket.layers.size()), states));
    }
    cut(layers, bucket, parts, groups);
  }
  return groups;
}

}  // namespace vram::memory
