#include "plan/max_context.h"

#include <algorithm>

#include "plan/boundaries.h"

namespace vram::plan {
namespace {

Result<Exact> derived(const Request& request) {
  auto deployment = resolve(*request.model, request.args, request.engine, request.gpu);
  if (!deployment) return deployment.error();
  return derive(*request.model, *std::move(deployment));
}

Request with_length(const Request& request, std::int64_t tokens) {
  Request changed = request;
  changed.args.set("max_model_len", json::Value(tokens));
  return changed;
}

}  // namespace

Result<MaxContext> max_context(const Request& request) {
  const auto exact = derived(request);
  MaxContext found;
  auto whole = plan(request);
  if (!whole) return whole.error();
  found.report = *std::move(whole);
  if (!exact) return found;
  const std::int64_t limit = exact->deployment.kv.max_model_len.count();
  found.memory_alone = found.report.max_context.value_or(Tokens(limit));
  if (found.report.verdict.fits) {
    found.context = Tokens(limit);
    found.limited_by_model = true;
  } else {
    const std::int64_t tokens = longest(limit, [&](std::int64_t length) {
      const auto report = plan(with_length(request, length));
      return report && report->verdict.fits;
    });
    found.context = Tokens(tokens);
    if (tokens > 0)
      if (auto report = plan(with_length(request, tokens))) found.report = *std::move(report);
  }
  constexpr std::int64_t kRequests[] = {1, 2, 4, 8, 16};
  if (auto at_once = concurrency(request, {}, kRequests)) found.requests = std::move(at_once->by_requests);
  return found;
}

}  // namespace vram::plan
