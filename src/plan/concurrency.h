// How many requests of a length run at once, and how long many requests at once may be.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "plan/report.h"

namespace vram::plan {

struct RequestsAt {
  Tokens context;
  // Below 1: the part of one request that there is memory for. `low` and `high` are with the available memory at its
  // 5th and 95th percentile.
  double requests = 0, low = 0, high = 0;
};

struct ContextAt {
  std::int64_t requests = 0;
  Tokens tokens;
  Tokens low, high;  // with the available memory at its 5th and 95th percentile
};

struct Concurrency {
  std::vector<RequestsAt> by_context;
  std::vector<ContextAt> by_requests;
  Tokens limit;  // the longest length that was looked at
};

/// What the memory that is left for the cache holds; whether vLLM starts is not asked.
///
///   limit   the longest length to look at; without one, the set-up's own
///   errors  as resolve and derive
Result<Concurrency> concurrency(const Request& request, std::span<const Tokens> contexts,
                                std::span<const std::int64_t> requests, std::optional<Tokens> limit = {});

}  // namespace vram::plan
