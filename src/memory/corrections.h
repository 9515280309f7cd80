// What the start-ups of one machine say about the quantities that vLLM only measures: moved estimates, with intervals
// as wide as those start-ups differ.
#pragma once

#include <algorithm>
#include <cmath>

#include "memory/estimate.h"

namespace vram::memory {

/// The built-in estimate counts as this many start-ups.
///   source  docs/calibration.md: the value with the least error over the halves of all machines there
inline constexpr double kBuiltInCounts = 0.25;

/// What start-ups say about one quantity. The default says nothing.
struct Correction {
  Bytes difference;   // measured less estimated, the weighted median
  Bytes deviation;    // standard deviation of the differences about it
  double weight = 0;  // how many start-ups like the one asked about this is worth
};

struct Corrections {
  Correction model_loading, activation_peak, non_torch, cuda_graphs;
};

/// How much of the difference is applied: of what the start-ups are worth beside the built-in estimate, the share that
/// the logs' rounding does not explain (the positive part of James and Stein's estimator).
inline double applied_share(const Correction& correction) {
  constexpr double kPrinted = 0.01 * double(kGiB);  // each figure is rounded to 0.01 GiB
  const double difference = double(correction.difference.count());
  if (difference == 0 || correction.weight <= 0) return 0;
  const double rounding = kPrinted * kPrinted / (difference * difference);
  const double worth = correction.weight / (correction.weight + kBuiltInCounts);
  return worth * std::max(0.0, 1 - rounding / std::max(correction.weight, 1.0));
}

/// `estimate` moved by that share of the difference. Its interval's variance is that of the start-ups, as far as they
/// count, and what they leave of the built-in one, of which they take no more than half: alike as they are, the next
/// one may be another kind. Never below nothing; saturates.
inline Estimate corrected(const Estimate& estimate, const Correction& correction) {
  if (correction.weight <= 0) return estimate;
  constexpr double kNineOfTen = 1.645;  // standard deviations
  const double worth = correction.weight / (correction.weight + kBuiltInCounts);
  const auto scaled = [](double bytes) { return Bytes(saturated(static_cast<Wide>(bytes))); };
  const double own = kNineOfTen * double(correction.deviation.count());
  const auto half = [&](Bytes built_in) {
    const double width = double(built_in.count());
    return scaled(std::sqrt((1 - worth / 2) * width * width + worth * own * own));
  };
  const Bytes moved = scaled(applied_share(correction) * double(correction.difference.count()));
  const Bytes middle = std::max(estimate.bytes + moved, Bytes(0));
  return {middle, std::max(middle - half(estimate.bytes - estimate.low), Bytes(0)),
          middle + half(estimate.high - estimate.bytes)};
}

}  // namespace vram::memory
