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

/// Everything but the KV cache of one stage's ranks. `rank` numbers are left at 0.
///
///   corrections  what start-ups of the same machine say
RankReport rank_budget(const Exact& exact, std::size_t stage, const memory::Corrections& corrections);

}  // namespace vram::plan
