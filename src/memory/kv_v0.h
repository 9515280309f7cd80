// The V0 engine's plan: one kind of block for all layers of a rank.
#pragma once

#include "memory/kv_plan.h"

namespace vram::memory {

/// Whether the V0 engine plans: before V1 became the default, or where it was chosen.
bool plans_as_v0(vllm::Date as_of, const KvShape& settings);

/// source  vllm/worker/worker.py, determine_num_available_blocks and raise_if_cache_size_invalid
KvPlan plan_v0(const KvGrouping& grouping, std::span<const Bytes> available, vllm::Date as_of,
               const KvSettings& settings);

/// All layers of a stage as one group; V0 asks nothing else of them.
KvGrouping group_v0(std::span<const KvSpecs> stages);

}  // namespace vram::memory
