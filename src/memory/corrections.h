// What the start-ups of one machine say about the quantities that vLLM only measures: moved estimates, with intervals
// as wide as those start-ups differ.
#pragma once

#include <cmath>

#include "memory/estimate.h"

namespace vram::memory {

/// The built-in estimate counts as this many start-ups.
///   source  docs/calibration.md: the value with the least error over the halves of all machines there
inline constexpr double kBuiltInCounts = 0.5;

/// What start-ups say about one quantity. The default says nothing.
struct Correction {
  Bytes difference;   // measured less estimated, the weighted median
  Bytes deviation;    // of the differences about it: 1.4826 x their weighted median
  double weight = 0;  // how many start-ups like the one asked about this is worth
};

struct Corrections {
  Correction model_loading, activation_peak, non_torch, cuda_graphs;
};

/// `estimate` moved by weight / (weight + kBuiltInCounts) of the difference; its interval's variance is the average of
/// both, weighted the same way. Never below nothing; saturates.
inline Estimate corrected(const Estimate& estimate, const Correction& correction) {
  if (correction.weight <= 0) return estimate;
  constexpr double kNineOfTen = 1.645;  // standard deviations
  const double share = correction.weight / (correction.weight + kBuiltInCounts);
  const auto scaled = [](double bytes) { return Bytes(saturated(static_cast<Wide>(bytes))); };
  const double own = kNineOfTen * double(correction.deviation.count());
  const auto half = [&](Bytes built_in) {
    const double width = double(built_in.count());
    return scaled(std::sqrt((1 - share) * width * width + share * own * own));
  };
  const Bytes middle = std::max(estimate.bytes + scaled(share * double(correction.difference.count())), Bytes(0));
  return {middle, std::max(middle - half(estimate.bytes - estimate.low), Bytes(0)),
          middle + half(estimate.high - estimate.bytes)};
}

}  // namespace vram::memory
