#include "plan/boundaries.h"

#include <algorithm>
#include <limits>

namespace vram::plan {

std::int64_t longest(std::int64_t limit, const std::function<bool(std::int64_t)>& good) {
  std::int64_t low = 1, high = limit;
  while (low <= high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (good(middle))
      low = middle + 1;
    else
      high = middle - 1;
  }
  return high;
}

memory::KvPlan plan_at(const Exact& exact, std::span<const Bytes> bytes, Tokens length, bool fit) {
  memory::KvSettings settings = exact.deployment.kv;
  settings.max_model_len = length;
  settings.fit_max_model_len = fit;
  return memory::kv_numbers(exact.caches->grouping, bytes, platform_of(exact.deployment), settings);
}

namespace {

/// How many requests of some length fit at once, length after length; without a cache, any number.
class Concurrency {
 public:
  Concurrency(const Exact& exact, std::span<const Bytes> bytes)
      : exact_(exact), bytes_(bytes), settings_(exact.deployment.kv), platform_(platform_of(exact.deployment)) {
    settings_.fit_max_model_len = false;
  }

  double at(Tokens length) {
    settings_.max_model_len = length;
    const memory::KvGrouping& grouping = exact_.caches->grouping;
    const memory::KvPlan plan = memory::kv_numbers(grouping, bytes_, platform_, settings_);
    if (plan.refusal) return 0;
    return grouping.layers.empty() ? std::numeric_limits<double>::infinity() : plan.max_concurrency;
  }

 private:
  const Exact& exact_;
  std::span<const Bytes> bytes_;
  memory::KvSettings settings_;
  memory::Platform platform_;
};

}  // namespace

std::int64_t requests_of(const Exact& exact, std::span<const Bytes> bytes, Tokens length) {
  const double most = double(exact.deployment.kv.max_num_seqs);
  return std::int64_t(std::min(most, Concurrency(exact, bytes).at(length)));
}

std::int64_t longest_context(const Exact& exact, std::span<const Bytes> bytes, std::int64_t requests,
                             std::int64_t limit) {
  Concurrency concurrency(exact, bytes);
  return longest(limit, [&](std::int64_t tokens) { return concurrency.at(Tokens(tokens)) >= double(requests); });
}

}  // namespace vram::plan
