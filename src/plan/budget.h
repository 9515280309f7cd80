// The ledger of one rank: what vLLM may use, what it finds used, what is left for the KV cache.
#pragma once

#include "plan/exact.h"
#include "plan/report.h"

namespace vram::plan {

/// total x utilisation as the release rounds it.
Bytes requested_bytes(Bytes total, double utilization, vllm::Date as_of);

/// Whether the release refuses to start when less than that is free.
bool checks_free_memory(vllm::Date as_of);

/// What the measured constants hang on, for one stage.
memory::Situation situation_of(const Exact& exact, std::size_t stage);

/// What starting takes on one stage's ranks, whatever the utilisation.
struct RankCosts {
  RankReport rank;      // all of rank_budget() but `requested` and `available_kv`
  double narrower = 1;  // what corrections leave of the width of its intervals
};
RankCosts rank_costs(const Exact& exact, std::size_t stage, const memory::Corrections& corrections);

/// Fills in `requested`, and what the costs leave of it for the KV cache, without its interval.
void divide_budget(const Deployment& deployment, RankReport& rank);

/// Everything but the KV cache of one stage's ranks. `rank` numbers are left at 0.
///
///   corrections  what start-ups of the same machine say
RankReport rank_budget(const Exact& exact, std::size_t stage, const memory::Corrections& corrections);

}  // namespace vram::plan
