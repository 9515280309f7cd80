#include "memory/cache_layout.h"

#include <algorithm>

namespace vram::memory {
namespace {

using vllm::Step;

constexpr Step<bool> kLayouts[] = {{{}, false, "vllm v0.28.0 v1/attention/backends/utils.py"},
                                   {{2026, 8, 31}, true, "~vllm v0.29.0, the same, resolve_kv_cache_layout"}};
static_assert(well_formed(kLayouts));

// What is taken where no backend has a say.
constexpr CacheLayout kPreferred = CacheLayout::kLBNHC;
constexpr int kCacheLayouts = 6;

using Set = std::vector<CacheLayout>;

std::string listed(const std::vector<Set>& sets) {
  std::string all;
  for (const Set& set : sets) {
    std::string each;
    for (const CacheLayout layout : set) each.append(each.empty() ? "'" : ", '").append(name(layout)).append("'");
    all.append(all.empty() ? "[" : ", [").append(each).append("]");
  }
  return "[" + all + "]";
}

}  // namespace

Result<std::string> cache_layout(const std::vector<AttentionBackend>& backends, const Platform& platform) {
  if (!vllm::in_force(kLayouts, platform.as_of)) return std::string();
  std::vector<Set> sets;
  for (const AttentionBackend backend : backends)
    if (auto set = layouts(backend, platform)) sets.push_back(*std::move(set));
  if (sets.empty()) return std::string(name(kPreferred));
  if (std::all_of(sets.begin(), sets.end(), [&](const Set& set) { return set == sets.front(); }))
    return std::string(name(sets.front().front()));
  // Of those that all can read, the one that most put first.
  std::optional<CacheLayout> best;
  std::ptrdiff_t votes = -1;
  for (int i = 0; i < kCacheLayouts; ++i) {
    const auto layout = CacheLayout(i);
    const auto reads = [&](const Set& set) { return std::find(set.begin(), set.end(), layout) != set.end(); };
    const auto first = std::count_if(sets.begin(), sets.end(), [&](const Set& set) { return set.front() == layout; });
    if (!std::all_of(sets.begin(), sets.end(), reads) || first <= votes) continue;
    best = layout;
    votes = first;
  }
  if (best) return std::string(name(*best));
  return Error{ErrorCode::kRefused, "", "No KV cache layout satisfies every supported set: " + listed(sets) + ".", ""};
}

}  // namespace vram::memory
