#include "plan/calibration.h"

#include <algorithm>
#include <cmath>

#include "units/text.h"

namespace vram::plan {
namespace {

constexpr double kOtherRanks = 0.1, kOtherModel = 0.3, kOtherRelease = 0.5;
constexpr double kReleaseDays = 30;
constexpr double kLeastWeight = 1e-3;
constexpr double kMeanToDeviation = 1.2533;  // mean distance to standard deviation, of a normal distribution

struct Weighted {
  double value = 0, weight = 0;
};

/// The value at which half of the weight is reached; `items` not empty.
double median(std::vector<Weighted> items) {
  std::sort(items.begin(), items.end(), [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  double all = 0, reached = 0;
  for (const Weighted& item : items) all += item.weight;
  for (const Weighted& item : items)
    if ((reached += item.weight) * 2 >= all) return item.value;
  return items.back().value;
}

memory::Correction correction(std::vector<Weighted> items) {
  memory::Correction said;
  for (const Weighted& item : items) said.weight += item.weight;
  if (items.empty()) return said;
  const double middle = median(items);
  double distance = 0;
  for (const Weighted& item : items) distance += item.weight * std::abs(item.value - middle);
  said.difference = Bytes(std::int64_t(middle));
  said.deviation = Bytes(std::int64_t(kMeanToDeviation * distance / said.weight));
  return said;
}

/// Days as the Gregorian calendar counts them on average.
double day_number(const vllm::Date& date) { return date.year * 365.2425 + date.month * 30.4369 + date.day; }

/// "Qwen/Qwen3-8B", "/models/Qwen3-8B/": qwen3-8b.
std::string last_part(std::string_view model) {
  while (model.ends_with('/')) model.remove_suffix(1);
  return lower(model.substr(model.rfind('/') + 1));
}

}  // namespace

memory::Corrections corrections(const Calibration& calibration, const Deployment& deployment) {
  using Member = std::optional<Bytes> Observation::*;
  const std::int64_t ranks = deployment.parallel.tensor * deployment.parallel.pipeline;
  const std::string model = last_part(deployment.source->name);
  const auto same_model = [&](const Observation& seen) { return last_part(seen.model) == model; };
  const auto likeness = [&](const Observation& seen) {
    const double apart = std::abs(day_number(seen.engine.as_of) - day_number(deployment.engine.as_of));
    return std::max(kLeastWeight, (seen.ranks == ranks ? 1 : kOtherRanks) * (same_model(seen) ? 1 : kOtherModel) *
                                      std::pow(kOtherRelease, apart / kReleaseDays));
  };
  const auto said = [&](Member quantity, auto&& counts) {
    std::vector<Weighted> items;
    for (const Observation& seen : calibration.observations)
      if (seen.*quantity && counts(seen))
        items.push_back({double((seen.*quantity)->count()), seen.counts * likeness(seen)});
    return correction(std::move(items));
  };
  const auto any = [](const Observation&) { return true; };
  const auto this_model = [&](const Observation& seen) { return same_model(seen) && seen.ranks == ranks; };
  return {said(&Observation::model_loading, this_model), said(&Observation::activation_peak, any),
          said(&Observation::non_torch, any), said(&Observation::cuda_graphs, any)};
}

}  // namespace vram::plan
