#include "plan/boundaries.h"

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
  return memory::plan_kv(exact.caches, bytes, exact.deployment.parallel, platform_of(exact.deployment), settings);
}

std::int64_t longest_context(const Exact& exact, std::span<const Bytes> bytes, std::int64_t requests,
                             std::int64_t limit) {
  return longest(limit, [&](std::int64_t tokens) {
    const memory::KvPlan plan = plan_at(exact, bytes, Tokens(tokens));
    return !plan.refusal && plan.max_concurrency >= double(requests);
  });
}

}  // namespace vram::plan
