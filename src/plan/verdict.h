// Whether vLLM starts: what stops it first, in its own order.
#pragma once

#include <span>

#include "plan/exact.h"
#include "plan/report.h"

namespace vram::plan {

/// What stops a rank before there is a KV cache; kOk where nothing does.
Reason before_cache(const Deployment& deployment, const RankReport& rank);

/// Why the planner of the KV cache refuses.
///
///   available  bytes a stage
Reason cache_refusal(std::span<const Bytes> available);

/// Whether vLLM refuses to capture graphs of decoding: recurrent layers have fewer blocks than there may be sequences.
bool lacks_state_blocks(const Exact& exact, std::int64_t blocks);

/// Bytes of the cache on that rank.
Bytes pool_of(const memory::KvPlan& kv, const RankReport& rank);

/// Whether the GPU has less left than the graphs take that are captured beside the cache.
bool lacks_graph_memory(const Deployment& deployment, const RankReport& rank, const memory::KvPlan& kv);

/// The verdict on a start with these ranks and this plan for what they leave.
///
///   ranks   all that start
///   stages  of each stage the one whose cache decides
Verdict judge_start(const Exact& exact, std::span<const RankReport> ranks, std::span<const RankReport> stages,
                    const memory::KvPlan& kv);

}  // namespace vram::plan
