#include "plan/max_context.h"

#include "plan/concurrency.h"
#include "plan/inverse.h"

namespace vram::plan {
namespace {

Request with_length(const Request& request, std::int64_t tokens) {
  Request changed = request;
  changed.args.set("max_model_len", json::Value(tokens));
  return changed;
}

}  // namespace

Result<MaxContext> max_context(const Request& request, std::int64_t requests) {
  Planner planner;
  MaxContext found;
  auto whole = planner.plan(request);
  if (!whole) return whole.error();
  found.report = *std::move(whole);
  auto variations = Variations::of(request, planner.deriver());
  if (!variations) return found;
  const auto longest = longest_length(*variations, requests);
  found.context = Tokens(longest ? longest->value : 0);
  found.limited_by_model = longest && longest->limit != Limit::kMemory;
  const auto exact = planner.exact(request);
  if (!exact) return found;
  const std::int64_t limit = exact->deployment.kv.max_model_len.count();
  found.memory_alone = found.report.max_context.value_or(Tokens(limit));
  if (longest && longest->value != limit)
    if (auto report = planner.plan(with_length(request, longest->value))) found.report = *std::move(report);
  constexpr std::int64_t kRequests[] = {1, 2, 4, 8, 16};
  if (auto at_once = concurrency(request, {}, kRequests)) found.requests = std::move(at_once->by_requests);
  return found;
}

}  // namespace vram::plan
