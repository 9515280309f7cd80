// The longest context that starts, and how it shrinks with requests at once.
#pragma once

#include <vector>

#include "plan/concurrency.h"

namespace vram::plan {

struct MaxContext {
  Tokens context;                   // 0 when no length starts
  bool limited_by_model = false;    // memory would have taken more
  Tokens memory_alone;              // what memory would take without the model's limit
  Report report;                    // at `context`; at the model's own length when nothing starts
  std::vector<ContextAt> requests;  // 1, 2, 4, 8 and 16 at once
};

/// The boundary itself: `context` starts, one token more does not or is more than the model takes.
///
///   request   its max_model_len is the longest that is asked about; without one, the model's own
///   requests  of that length, which fit at once
Result<MaxContext> max_context(const Request& request, std::int64_t requests = 1);

}  // namespace vram::plan
