#include "diagnosis/compare.h"

#include <algorithm>
#include <cmath>

#include "units/text.h"

namespace vram::diagnosis {
namespace {

using logs::Fact;

struct Worst {
  double number = 0;
  std::int64_t line = 0;
};

/// Of several ranks' figures the one that leaves least for the cache.
std::optional<Worst> worst(const logs::StartUp& start, Fact fact, bool least) {
  std::optional<Worst> found;
  for (const logs::Sighting& sighting : start.sightings)
    if (sighting.fact == fact &&
        (!found || (least ? sighting.number < found->number : sighting.number > found->number)))
      found = {sighting.number, sighting.line};
  return found;
}

std::optional<Bytes> stated(const logs::StartUp& start, Fact fact, bool least = false) {
  const auto found = worst(start, fact, least);
  return found ? std::optional(logs::bytes_of(found->number)) : std::nullopt;
}

/// The rank with the most of `member`.
const plan::RankReport& largest(const plan::Report& report, memory::Estimate plan::RankReport::* member, bool least) {
  return *std::max_element(report.ranks.begin(), report.ranks.end(),
                           [&](const plan::RankReport& a, const plan::RankReport& b) {
                             const Bytes one = (a.*member).bytes, other = (b.*member).bytes;
                             return least ? other < one : one < other;
                           });
}

struct Measured {
  Fact fact;
  memory::Estimate plan::RankReport::* member;
  bool least;
};
constexpr Measured kMeasured[] = {
    {Fact::kModelLoading, &plan::RankReport::model_loading, false},
    {Fact::kActivationPeak, &plan::RankReport::activation_peak, false},
    {Fact::kNonTorch, &plan::RankReport::non_torch, false},
    {Fact::kGraphsEstimated, &plan::RankReport::cuda_graphs_reserved, false},
    {Fact::kAvailableKv, &plan::RankReport::available_kv, true},
    {Fact::kKvReserved, &plan::RankReport::available_kv, true},
    {Fact::kGraphs, &plan::RankReport::cuda_graphs, false},
};

bool states(const logs::StartUp& start, Fact fact) { return start.first(fact).has_value(); }

/// What the profiling run measured besides the weights, from the figures that only their sum follows from.
std::optional<Bytes> rest_of_budget(const logs::StartUp& start, const plan::RankReport& rank) {
  auto left = stated(start, Fact::kAvailableKv, true);
  if (!left) left = stated(start, Fact::kKvReserved, true);
  if (!left) return std::nullopt;
  const Bytes loading = stated(start, Fact::kModelLoading).value_or(rank.model_loading.bytes);
  const bool reserves = rank.cuda_graphs_reserved.bytes > Bytes(0);
  const Bytes graphs =
      reserves ? stated(start, Fact::kGraphsEstimated).value_or(rank.cuda_graphs_reserved.bytes) : Bytes(0);
  return rank.requested - loading - graphs - *left;
}

/// Of stages that differ, the one that a log of a single rank is likely to be of.
Bytes nearest_activation(const plan::Report& report, Bytes stated_peak) {
  Bytes nearest = report.ranks.front().activation_peak.bytes;
  const auto apart = [&](Bytes peak) { return std::max(peak - stated_peak, stated_peak - peak); };
  for (const plan::RankReport& rank : report.ranks)
    if (apart(rank.activation_peak.bytes) < apart(nearest)) nearest = rank.activation_peak.bytes;
  return nearest;
}

void observe_profiling(const logs::StartUp& start, const plan::Report& report, const plan::RankReport& rank,
                       plan::Observation& seen) {
  const auto activation = stated(start, Fact::kActivationPeak);
  auto non_torch = stated(start, Fact::kNonTorch);
  const auto consumed = stated(start, Fact::kConsumed), loading = stated(start, Fact::kModelLoading);
  if (!non_torch && consumed && loading) non_torch = *consumed - *loading;
  if (!non_torch)
    if (const auto rest = rest_of_budget(start, rank))
      non_torch = *rest - activation.value_or(rank.activation_peak.bytes);
  if (activation) seen.activation_peak = *activation - nearest_activation(report, *activation);
  if (non_torch) seen.non_torch = *non_torch - rank.non_torch.bytes;
}

}  // namespace

bool Comparison::inside() const {
  constexpr double kPrinted = 0.005;
  return low - kPrinted <= stated && stated <= high + kPrinted;
}

std::vector<Comparison> compare(const logs::StartUp& start, const plan::Report& report) {
  std::vector<Comparison> found;
  if (report.ranks.empty()) return found;
  for (const Measured& measured : kMeasured) {
    const auto said = worst(start, measured.fact, measured.least);
    if (!said || (measured.fact == Fact::kKvReserved && states(start, Fact::kAvailableKv))) continue;
    const memory::Estimate& estimate = largest(report, measured.member, measured.least).*measured.member;
    if (measured.fact == Fact::kGraphsEstimated && estimate.bytes == Bytes(0)) continue;
    found.push_back(
        {measured.fact, said->number, said->line, gib(estimate.bytes), gib(estimate.low), gib(estimate.high)});
  }
  if (!report.kv) return found;
  const auto add = [&](Fact fact, double predicted, double low, double high) {
    if (const auto said = worst(start, fact, true))
      found.push_back({fact, said->number, said->line, predicted, low, high});
  };
  if (report.verdict.fits)
    add(Fact::kKvTokens, double(report.kv->tokens.count()), double(report.tokens_low.count()),
        double(report.tokens_high.count()));
  if (!report.kv->needed.empty()) {
    const double needed = gib(*std::max_element(report.kv->needed.begin(), report.kv->needed.end()));
    add(Fact::kNeededKv, needed, needed, needed);
  }
  return found;
}

std::optional<double> total_that_adds_up(const logs::StartUp& start, const plan::Report& report) {
  auto left = stated(start, Fact::kAvailableKv, true);
  if (!left) left = stated(start, Fact::kKvReserved, true);
  if (!left || report.ranks.empty() || report.gpu_memory_utilization <= 0) return std::nullopt;
  const plan::RankReport& rank = largest(report, &plan::RankReport::model_loading, false);
  const Bytes used = stated(start, Fact::kModelLoading).value_or(rank.model_loading.bytes) +
                     stated(start, Fact::kActivationPeak).value_or(rank.activation_peak.bytes) +
                     stated(start, Fact::kNonTorch).value_or(rank.non_torch.bytes);
  const Bytes graphs = rank.cuda_graphs_reserved.bytes > Bytes(0)
                           ? stated(start, Fact::kGraphsEstimated).value_or(rank.cuda_graphs_reserved.bytes)
                           : Bytes(0);
  return gib(*left + used + graphs) / report.gpu_memory_utilization;
}

Result<plan::Observation> observe(const logs::StartUp& start, const plan::Report& report) {
  const auto unusable = [](std::string problem, std::string hint) {
    return Error{ErrorCode::kBadInput, "", std::move(problem), std::move(hint)};
  };
  if (report.ranks.empty()) return unusable(report.verdict.message.value_or("this start cannot be planned"), "");
  const plan::RankReport& rank = largest(report, &plan::RankReport::model_loading, false);
  plan::Observation seen;
  seen.model = report.model_name;
  seen.engine = report.engine;
  seen.ranks = std::int64_t(report.ranks.size());
  if (const auto loading = stated(start, Fact::kModelLoading)) {
    constexpr double kAnotherModel = 0.1;
    const double off = std::abs(double((*loading - rank.model_loading.bytes).count()));
    if (off > kAnotherModel * double(rank.model_loading.bytes.count()))
      return unusable("the model took " + fixed(gib(*loading), 2) + " GiB and " +
                          fixed(gib(rank.model_loading.bytes), 2) + " GiB are predicted, so another model ran than " +
                          report.model_name,
                      "name it with --model");
    seen.model_loading = *loading - rank.model_loading.bytes;
  }
  observe_profiling(start, report, rank, seen);
  if (const auto graphs = stated(start, Fact::kGraphs); graphs && rank.cuda_graphs.bytes > Bytes(0))
    seen.cuda_graphs = *graphs - rank.cuda_graphs.bytes;
  if (!seen.model_loading && !seen.activation_peak && !seen.non_torch && !seen.cuda_graphs)
    return unusable("no line states anything that is measured", "give the whole log of a start-up");
  return seen;
}

}  // namespace vram::diagnosis
