#include "plan/suggestions.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "plan/planner.h"
#include "plan/remedies.h"
#include "units/text.h"

namespace vram::plan {
namespace {

constexpr double kSure = 0.95;
// A length below this share of what was asked for is another use of the model: it is not the smallest change.
constexpr std::int64_t kMuchShorter = 16;
constexpr double kWorthwhile = 1.1;

using Good = std::function<bool(const Report&)>;

std::string starts(double probability) {
  if (probability >= kSure) return "starts";
  const long tenths = std::lround(probability * 10);
  if (tenths == 5) return "starts in 1 of 2";
  return "starts in " + std::to_string(std::clamp<long>(tenths, 1, 9)) + " of 10";
}

Suggestion suggestion(const Candidate& candidate, const Report& after) {
  Suggestion made;
  made.change = merge_patch_of(candidate.change);
  made.words = typed(candidate.change);
  made.costs = candidate.costs;
  made.probability_fits = after.verdict.probability_fits;
  made.gpu_count = after.gpu_count;
  made.effect = starts(after.verdict.probability_fits);
  if (after.kv && after.kv->max_concurrency > 0) {
    made.max_concurrency = after.kv->max_concurrency;
    made.max_model_len = after.kv->max_model_len;
    made.effect += ", " + memory::printed_concurrency(after.kv->max_concurrency) + " at " +
                   with_commas(after.kv->max_model_len.count()) + " tokens a request";
  }
  if (after.workload && after.workload->fits) made.effect += ", serves the workload";
  return made;
}

bool serves(const Report& report) { return report.verdict.fits && (!report.workload || report.workload->fits); }

bool only_changes_length(const Suggestion& made) {
  const json::Value* args = made.change.find("args");
  return made.change.members().size() == 1 && args && args->object()->members().size() == 1 &&
         args->find("max_model_len");
}

/// With the same weights on the same GPUs, all of them in the GPUs' memory.
bool surely_helps_here(const Suggestion& made, const Report& before) {
  const json::Value* args = made.change.find("args");
  return made.probability_fits >= kSure && made.change.members().size() == 1 && args && !args->find("cpu_offload_gb") &&
         made.gpu_count <= before.gpu_count;
}

/// Memory that is neither used nor could be: over the budget, in activations, in a cache that no request can reach.
bool wastes_memory(const Report& report) {
  if (!report.kv || report.kv->groups.empty()) return false;
  const RankReport& rank = report.fullest();
  const std::int64_t total = report.gpu.total.count();
  const Bytes set_aside = rank.activation_peak.bytes + rank.cuda_graphs_reserved.bytes;
  return rank.free_after.count() > total / 10 || set_aside.count() > total / 25;
}

/// Tries changes of one request, sharing what they agree in.
class Trial {
 public:
  Trial(const Request& request, Planner& planner) : request_(request), planner_(planner) {}

  /// For a launch that does not start, or does not serve its workload.
  std::vector<Suggestion> rescue(const Report& before) {
    const Good better = [&](const Report& after) {
      return serves(after) && (!serves(before) || after.verdict.probability_fits >= kSure);
    };
    const bool heavy = too_heavy(request_, before, planner_);
    std::vector<Suggestion> found =
        tried(heavy ? lighter(request_, before, planner_) : remedies(request_, before, planner_), better);
    const bool settled =
        heavy || std::ranges::any_of(found, [&](const Suggestion& made) { return surely_helps_here(made, before); });
    if (!settled)
      if (auto made = smallest(together(request_, before, planner_), better))
        found.insert(found.begin(), *std::move(made));
    if (found.empty())
      if (auto made = smallest(other_weights_on_more_gpus(request_, before, planner_), better))
        found.push_back(*std::move(made));
    if (!before.kv) return found;
    const std::int64_t wanted = before.kv->max_model_len.count();
    std::ranges::stable_partition(found, [&](const Suggestion& made) {
      return !only_changes_length(made) || made.max_model_len.count() > wanted / kMuchShorter;
    });
    return found;
  }

  /// For arguments that vLLM refuses: what puts them right, and where that alone does not fit, what does on top of it.
  std::vector<Suggestion> corrected() {
    const std::vector<Remedy> all = corrections(request_);
    std::vector<Suggestion> found = tried(all, serves);
    if (!found.empty()) return found;
    for (const Remedy& remedy : all)
      for (const Candidate& first : remedy) {
        const Request right = changed(request_, first.change);
        const auto after = planner_.plan(right);
        if (!after || after->ranks.empty()) continue;
        std::vector<Remedy> second = remedies(right, *after, planner_);
        for (Remedy& steps : second)
          for (Candidate& step : steps) step = both(first, std::move(step));
        found = tried(second, serves);
        if (!found.empty()) return found;
      }
    return found;
  }

  /// For a launch that starts.
  std::vector<Suggestion> improved(const Report& before) {
    return tried(improvements(request_, before), [&](const Report& after) {
      return serves(after) && after.kv && after.kv->max_concurrency >= before.kv->max_concurrency * kWorthwhile &&
             after.verdict.probability_fits >= before.verdict.probability_fits;
    });
  }

 private:
  /// The first step that surely helps, else the first that helps at all.
  std::optional<Suggestion> smallest(const Remedy& remedy, const Good& good) {
    std::optional<Suggestion> likely;
    for (const Candidate& candidate : remedy) {
      const auto after = planner_.judged(changed(request_, candidate.change));
      if (!after || !good(*after)) continue;
      if (after->verdict.probability_fits >= kSure) return suggestion(candidate, *after);
      if (!likely) likely = suggestion(candidate, *after);
    }
    return likely;
  }

  std::vector<Suggestion> tried(const std::vector<Remedy>& all, const Good& good) {
    std::vector<Suggestion> found;
    for (const Remedy& remedy : all)
      if (auto made = smallest(remedy, good)) {
        const bool twice =
            std::ranges::any_of(found, [&](const Suggestion& other) { return other.words == made->words; });
        if (!twice) found.push_back(*std::move(made));
      }
    return found;
  }

  const Request& request_;
  Planner& planner_;
};

}  // namespace

std::vector<Suggestion> suggestions(const Request& request, const Report& before, Planner& planner) {
  if (before.verdict.reason == Reason::kUnsupportedModel) return {};
  Trial trial(request, planner);
  if (before.verdict.reason == Reason::kInvalidArguments) return trial.corrected();
  if (!serves(before) || before.verdict.probability_fits < kSure) return trial.rescue(before);
  return wastes_memory(before) ? trial.improved(before) : std::vector<Suggestion>();
}

Result<Report> advise(const Request& request) {
  Planner planner;
  auto report = planner.plan(request);
  if (report) report->suggestions = suggestions(request, *report, planner);
  return report;
}

}  // namespace vram::plan
