// Jobs whose GPUs differ: every rank has a budget of its own, and the smallest cache decides for all.
#pragma once

#include <vector>

#include "plan/exact.h"
#include "plan/report.h"
#include "plan/request.h"

namespace vram::plan {

/// The launch of a request, its arguments resolved with its environment. Where GPUs differ, as the first one's name and
/// size have it and the least capable one's capability; the deployment's total is the smallest one's.
///
///   errors  as resolve() of its parts
Result<Deployment> resolve(const Request& request, Stated stated = Stated::kAll);
/// The same, but for lengths and batches.
Result<OpenDeployment> resolve_open(const Request& request);

/// Every rank's budget on its own GPU, in vLLM's order: tensor parallelism innermost, then stages, then replicas.
///
///   errors  kBadInput where there are fewer GPUs than ranks
Result<std::vector<RankReport>> on_each_gpu(const Exact& exact, const Request& request);

/// Of each stage the rank with the least left for its cache.
std::vector<RankReport> deciding(const std::vector<RankReport>& ranks, std::size_t stages);

}  // namespace vram::plan
