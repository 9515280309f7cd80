// What to change: every suggestion is planned before it is made.
#pragma once

#include "plan/report.h"

namespace vram::plan {

/// For a launch that does not start, or does not serve its workload: changes after which it does, smallest first. For
/// one that starts but leaves memory idle: changes that buy at least a tenth more concurrency. Empty otherwise.
///
///   before  what plan() answered for `request`
std::vector<Suggestion> suggestions(const Request& request, const Report& before);

/// plan(), with its suggestions. They take tens of plans where it does not start, a few where memory is idle.
Result<Report> advise(const Request& request);

}  // namespace vram::plan
