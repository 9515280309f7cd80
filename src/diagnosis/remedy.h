// The smallest change after which a start that failed works, each verified by planning it.
#pragma once

#include <vector>

#include "logs/read.h"
#include "plan/report.h"

namespace vram::diagnosis {

/// What a start says about its machine, as one start-up that outweighs the built-in estimates: its own measurements,
/// and what it lacked when memory ran out.
plan::Calibration own_calibration(const logs::StartUp& start, const plan::Report& report);

/// Changes after which it starts, the least first. Empty where none is needed, and where the plan does not reproduce
/// the failure, so that it can say nothing about what avoids it.
///
///   request  of the failed start, with its own_calibration
std::vector<plan::Suggestion> remedies(const plan::Request& request, const logs::StartUp& start);

/// What the log's own figures say would do, where nothing can be planned: the length that vLLM names, or the share of
/// the GPU that was free. Without arguments where they say nothing.
plan::Suggestion by_own_figures(const logs::StartUp& start);

}  // namespace vram::diagnosis
