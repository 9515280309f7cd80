#include "plan/concurrency.h"

#include <algorithm>
#include <array>

#include "plan/boundaries.h"
#include "plan/budget.h"
#include "plan/calibration.h"
#include "plan/unlike.h"

namespace vram::plan {
namespace {

/// Memory for the cache, a stage, at its middle, 5th and 95th percentile.
struct Available {
  std::vector<Bytes> middle, low, high;
};

Available available(const Exact& exact, const memory::Corrections& learnt) {
  Available bytes;
  for (std::size_t stage = 0; stage < exact.stages().size(); ++stage) {
    const RankReport rank = rank_budget(exact, stage, learnt);
    bytes.middle.push_back(rank.available_kv.bytes);
    bytes.low.push_back(rank.available_kv.low);
    bytes.high.push_back(rank.available_kv.high);
  }
  return bytes;
}

double requests_at(const Exact& exact, std::span<const Bytes> bytes, Tokens context) {
  const memory::KvPlan plan = plan_at(exact, bytes, context);
  if (exact.caches->grouping.layers.empty()) return double(exact.deployment.kv.max_num_seqs);
  if (!plan.refusal) return plan.max_concurrency;
  double part = plan.needed.empty() ? 0 : 1;
  for (std::size_t i = 0; i < plan.needed.size() && i < bytes.size(); ++i)
    if (plan.needed[i] > Bytes(0))
      part = std::min(part, double(std::max(bytes[i], Bytes(0)).count()) / double(plan.needed[i].count()));
  return part;
}

}  // namespace

Result<Concurrency> concurrency(const Request& request, std::span<const Tokens> contexts,
                                std::span<const std::int64_t> requests, std::optional<Tokens> limit) {
  auto deployment = resolve(request);
  if (!deployment) return deployment.error();
  const auto exact = derive(*request.model, *std::move(deployment));
  if (!exact) return exact.error();
  const Available bytes = available(*exact, corrections(request.calibration, exact->deployment));
  Concurrency found;
  found.limit = limit.value_or(exact->deployment.kv.max_model_len);
  for (const Tokens context : contexts)
    found.by_context.push_back({context, requests_at(*exact, bytes.middle, context),
                                requests_at(*exact, bytes.low, context), requests_at(*exact, bytes.high, context)});
  const auto longest_of = [&](const std::vector<Bytes>& available, std::int64_t each) {
    return Tokens(longest_context(*exact, available, each, found.limit.count()));
  };
  for (const std::int64_t each : requests)
    found.by_requests.push_back(
        {each, longest_of(bytes.middle, each), longest_of(bytes.low, each), longest_of(bytes.high, each)});
  return found;
}

}  // namespace vram::plan
