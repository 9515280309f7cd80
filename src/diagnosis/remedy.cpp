#include "diagnosis/remedy.h"

#include <algorithm>
#include <cmath>

#include "diagnosis/compare.h"
#include "plan/change.h"
#include "plan/suggestions.h"

namespace vram::diagnosis {
namespace {

using logs::Fact;
using logs::Outcome;
using logs::Refusal;

plan::Suggestion as_suggestion(const plan::Change& change, std::string costs) {
  plan::Suggestion made;
  made.change = plan::merge_patch_of(change);
  made.words = plan::typed(change);
  made.costs = std::move(costs);
  return made;
}

/// The first of `changes` with which it starts and all of it, graphs included, stays within the GPU.
std::optional<plan::Suggestion> within(const plan::Request& request, const std::vector<plan::Change>& changes,
                                       const std::string& costs) {
  for (const plan::Change& change : changes) {
    const auto after = plan::plan(plan::changed(request, change));
    if (!after || !after->verdict.fits || after->fullest().free_after < Bytes(0)) continue;
    plan::Suggestion made = as_suggestion(change, costs);
    made.probability_fits = after->verdict.probability_fits;
    made.effect = "starts";
    if (after->kv) {
      made.max_concurrency = after->kv->max_concurrency;
      made.max_model_len = after->kv->max_model_len;
      made.effect += ", " + memory::printed_concurrency(made.max_concurrency);
    }
    return made;
  }
  return std::nullopt;
}

/// Graphs and warm-up come after the cache has taken the rest of the budget: vLLM's own checks do not see them, so that
/// a smaller budget or no graphs is what helps.
std::vector<plan::Suggestion> after_the_cache(const plan::Request& request, const plan::Report& report) {
  constexpr int kLeastHundredths = 10;
  std::vector<plan::Change> budgets;
  for (int u = int(std::ceil(report.gpu_memory_utilization * 100)) - 1; u >= kLeastHundredths; --u)
    budgets.push_back(plan::with("gpu_memory_utilization", json::Value(u / 100.0)));
  std::vector<plan::Suggestion> found;
  if (auto made = within(request, budgets, "less KV cache")) found.push_back(*std::move(made));
  if (auto made = within(request, {plan::with("enforce_eager", json::Value(true))}, "no CUDA graphs: slower decoding"))
    found.push_back(*std::move(made));
  return found;
}

/// What memory was short of, when torch's sentence has its figures: all that was in use and what was asked for.
std::optional<Bytes> needed_in_all(const logs::StartUp& start) {
  const auto tried = start.first(Fact::kOomTried), total = start.first(Fact::kOomTotal),
             free = start.first(Fact::kOomFree);
  if (!tried || !total || !free) return std::nullopt;
  return logs::bytes_of(*total - *free + *tried);
}

}  // namespace

plan::Calibration own_calibration(const logs::StartUp& start, const plan::Report& report) {
  constexpr double kOutweighs = 1e9;
  plan::Calibration own;
  if (report.ranks.empty()) return own;
  auto seen = observe(start, report);
  plan::Observation said;
  if (seen) said = *std::move(seen);
  said.model = report.model_name;
  said.engine = report.engine;
  said.ranks = std::int64_t(report.ranks.size());
  said.counts = kOutweighs;
  const plan::RankReport& rank = report.fullest();
  if (const auto needed = needed_in_all(start)) {
    const Bytes profiling =
        rank.context.bytes + rank.model_loading.bytes + rank.activation_peak.bytes + rank.non_torch.bytes;
    if (start.outcome == Outcome::kOutOfMemoryProfiling && *needed > profiling)
      said.activation_peak = *needed - profiling;
    const Bytes budget = rank.context.bytes + rank.requested;
    if (start.outcome == Outcome::kOutOfMemoryCapturing && *needed > budget)
      said.cuda_graphs = *needed - budget - rank.cuda_graphs.bytes;
  }
  own.name = "this log";
  own.observations = {std::move(said)};
  return own;
}

std::vector<plan::Suggestion> remedies(const plan::Request& request, const logs::StartUp& start) {
  plan::Planner planner;
  const auto report = planner.plan(request);
  const bool failed_for_memory =
      start.outcome != Outcome::kStarted && start.outcome != Outcome::kFailed && start.outcome != Outcome::kUnfinished;
  if (!report || report->ranks.empty() || !failed_for_memory) return {};
  if (start.outcome == Outcome::kOutOfMemoryCapturing && report->verdict.fits) return after_the_cache(request, *report);
  if (report->verdict.fits) return {};
  return plan::suggestions(request, *report, planner);
}

plan::Suggestion by_own_figures(const logs::StartUp& start) {
  const auto longest = start.first(Fact::kEstimatedMaxLen), total = start.first(Fact::kTotal);
  const std::vector<double> free = start.stated(Fact::kFree);
  if (start.refusal == Refusal::kMaxModelLen && longest)
    return as_suggestion(plan::with("max_model_len", json::Value(std::int64_t(*longest))),
                         "longer requests are refused");
  if (start.refusal == Refusal::kFreeMemory && total && *total > 0 && !free.empty()) {
    const double share = *std::min_element(free.begin(), free.end()) / *total;
    return as_suggestion(plan::with("gpu_memory_utilization", json::Value(std::floor(share * 100) / 100)),
                         "less KV cache");
  }
  return {};
}

}  // namespace vram::diagnosis
