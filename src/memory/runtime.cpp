#include "memory/runtime.h"

namespace vram::memory {
namespace {

constexpr vllm::Step<bool> kEstimates[] = {
    {{}, false, "vllm v0.14.1 vllm/v1/worker/gpu_worker.py"},
    {{2026, 3, 7}, true, "https://github.com/vllm-project/vllm/pull/30515"},
};
static_assert(vllm::well_formed(kEstimates));

constexpr vllm::Step<bool> kReserved[] = {
    {{}, false, "vllm v0.19 VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS=0"},
    {{2026, 4, 21}, true, "https://github.com/vllm-project/vllm/pull/38284"},
};
static_assert(vllm::well_formed(kReserved));

constexpr vllm::Step<bool> kRunnerV2Estimates[] = {
    {{}, false, "vllm v0.28 vllm/v1/worker/gpu/model_runner.py, profile_cudagraph_memory answers 0"},
    {{2026, 8, 31},
     true,
     "~ vllm v0.33.0 vllm/v1/worker/gpu/cudagraph_utils.py; the day between 0.28.0 and 0.33.0 is not known"},
};
static_assert(vllm::well_formed(kRunnerV2Estimates));

/// ROCm's free memory was not trusted for it before.
constexpr vllm::Step<bool> kRocmEstimates[] = {
    {{}, false, "vllm v0.19.0 vllm/v1/worker/gpu_worker.py, determine_available_memory"},
    {{2026, 7, 1}, true, "~ https://github.com/vllm-project/vllm/pull/44825"},
};
static_assert(vllm::well_formed(kRocmEstimates));

bool estimates(const Situation& situation) {
  if (situation.graphs == 0 || !vllm::in_force(kEstimates, situation.day)) return false;
  if (situation.gpus == GpuClass::kAmd && !vllm::in_force(kRocmEstimates, situation.day)) return false;
  return !situation.runner_v2 || vllm::in_force(kRunnerV2Estimates, situation.day);
}

}  // namespace

std::vector<Bytes> card_classes() { return {kSmallCard}; }

Estimate cuda_graphs(const Overheads& overheads, const Situation& situation, const GraphPool& pool) {
  return situation.graphs == 0 ? Estimate{} : overheads.cuda_graphs.estimate(situation, pool.taken());
}

Estimate graph_estimate(const Overheads& overheads, const Situation& situation, const GraphPool& pool) {
  return estimates(situation) ? overheads.graph_estimate.estimate(situation, pool.held) : Estimate{};
}

bool reserves_graphs(const Situation& situation) {
  return estimates(situation) && vllm::in_force(kReserved, situation.day);
}

}  // namespace vram::memory
