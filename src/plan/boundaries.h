// Where fitting ends. A boundary is found by asking the forward plan; there is no second copy of a formula.
#pragma once

#include <functional>
#include <span>

#include "plan/exact.h"

namespace vram::plan {

/// Longest length, at most `limit`, at which `good` holds, given that it holds up to a point and not after; 0 when it
/// never does.
std::int64_t longest(std::int64_t limit, const std::function<bool(std::int64_t)>& good);

/// The numbers of the KV plan for requests of `length` tokens.
///
///   bytes  available, a stage
///   fit    shorten the length to what fits, as --max-model-len auto does
memory::KvPlan plan_at(const Exact& exact, std::span<const Bytes> bytes, Tokens length, bool fit = false);

/// Requests of `length` tokens that fit at once, at most max_num_seqs; fractions count nothing.
std::int64_t requests_of(const Exact& exact, std::span<const Bytes> bytes, Tokens length);

/// Longest context, at most `limit`, of which `requests` fit at once; 0 when not even one token each does.
std::int64_t longest_context(const Exact& exact, std::span<const Bytes> bytes, std::int64_t requests,
                             std::int64_t limit);

}  // namespace vram::plan
