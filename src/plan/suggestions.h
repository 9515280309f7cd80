// What to change: every suggestion is planned before it is made.
#pragma once

#include "plan/planner.h"
#include "plan/report.h"

namespace vram::plan {

/// For a launch that does not start, or does not serve its workload: changes after which it does, smallest first. For
/// one that starts but leaves memory idle: changes that buy at least a tenth more concurrency. Empty otherwise.
///
///   before   what plan() answered for `request`
///   planner  what it derived is shared, and what is derived here is kept
std::vector<Suggestion> suggestions(const Request& request, const Report& before, Planner& planner);

/// plan(), with its suggestions. They take tens of plans where it does not start, a few where memory is idle.
Result<Report> advise(const Request& request);

}  // namespace vram::plan
