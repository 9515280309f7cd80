// What a log states beside what is predicted for the same start, and what that says about the machine.
#pragma once

#include <string>
#include <vector>

#include "logs/read.h"
#include "plan/report.h"

namespace vram::diagnosis {

/// One quantity; sizes in GiB, as the log has them.
struct Comparison {
  logs::Fact fact = logs::Fact::kNothing;
  double stated = 0;  // of the rank that has it worst
  std::int64_t line = 0;
  double predicted = 0, low = 0, high = 0;  // nine of ten start-ups lie between low and high

  /// Whether the log's figure, rounded as it is, lies in the interval.
  [[nodiscard]] bool inside() const;
};

/// Empty for a report without ranks.
std::vector<Comparison> compare(const logs::StartUp& start, const plan::Report& report);

/// The GPU's memory that the log's figures add up to, in GiB, where it states what was left for the cache.
///
///   report  of the same start on whichever GPU: what it leaves open is taken from there
std::optional<double> total_that_adds_up(const logs::StartUp& start, const plan::Report& report);

/// What the start says about its machine.
///
///   errors  kBadInput: it states nothing that is measured, or a model size that is more than a tenth off, so that
///           another model or GPU ran
Result<plan::Observation> observe(const logs::StartUp& start, const plan::Report& report);

}  // namespace vram::diagnosis
