// Requests at once by length, in JSON.
#pragma once

#include "json/value.h"
#include "plan/concurrency.h"

namespace vram::report {

/// {"limit_tokens", "by_context": [{"context_tokens", "requests", "interval"}], "by_requests": [{"requests",
/// "context_tokens", "interval"}]}; an interval is [5th, 95th percentile]
json::Value concurrency_json(const plan::Concurrency& concurrency);

}  // namespace vram::report
