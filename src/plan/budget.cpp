#include "plan/budget.h"

#include <algorithm>
#include <cmath>

#include "memory/after_loading.h"
#include "memory/rocm_loading.h"
#include "memory/runtime.h"

namespace vram::plan {
namespace {

constexpr vllm::Step<bool> kWholeBytes[] = {
    {{},
     false,
     "vllm v0.13 vllm/v1/worker/gpu_worker.py: total x utilisation as a float, cut to an integer at the end"},
    {{2026, 1, 6}, true, "https://github.com/vllm-project/vllm/commit/6f5e653383"},
};
static_assert(vllm::well_formed(kWholeBytes));

constexpr vllm::Step<bool> kChecksFree[] = {
    {{}, false, "vllm v0.9.0 vllm/v1/worker/gpu_worker.py"},
    {{2025, 6, 1}, true, "~ https://github.com/vllm-project/vllm/commit/cc867be19c"},
};
static_assert(vllm::well_formed(kChecksFree));

struct Graphs {
  std::int64_t count = 0;  // over all modes
  memory::Capture capture;
};

/// Piecewise for every size, full for the sizes that decoding can reach.
Graphs graphs_of(const Deployment& deployment) {
  Graphs graphs;
  graphs.capture.batched = deployment.kv.max_num_batched_tokens;
  if (deployment.enforce_eager || deployment.cudagraph_mode == "NONE") return graphs;
  const bool piecewise = deployment.cudagraph_mode.find("PIECEWISE") != std::string::npos;
  const bool full = deployment.cudagraph_mode.find("FULL") != std::string::npos || deployment.cudagraph_mode.empty();
  const std::int64_t most = deployment.kv.max_num_seqs * (1 + deployment.kv.speculative_tokens);
  for (const std::int64_t size : deployment.cudagraph_capture_sizes) {
    const bool whole = full && size <= most;
    graphs.count += std::int64_t(piecewise) + std::int64_t(whole);
    if (piecewise || whole) graphs.capture.largest = std::max(graphs.capture.largest, size);
    if (whole) graphs.capture.largest_full = std::max(graphs.capture.largest_full, size);
  }
  return graphs;
}

/// What this stage's weights take, with what is loaded in the same breath (the draft, adapter slots), less what is
/// offloaded.
Bytes loaded(const Exact& exact, std::size_t index, RankReport& rank) {
  const Deployment& deployment = exact.deployment;
  const memory::Stage& stage = exact.stages()[index];
  const Placed& placed = *exact.placed;
  Bytes beside;
  if (stage.last() && placed.draft_weights) beside += placed.draft_weights->total();
  if (!placed.lora_slots.empty()) beside += placed.lora_slots[index];
  rank.weights = placed.weights[index].total() + beside;
  rank.offloaded = placed.offloaded[index];
  Bytes bytes = placed.loading[index] + beside - rank.offloaded;
  bytes += memory::after_loading(exact.model(), deployment.parallel, stage, platform_of(deployment),
                                 deployment.gpu.vendor, deployment.kv.max_num_batched_tokens);
  if (deployment.gpu.vendor == hardware::Vendor::kAmd && memory::rocm_counts_the_device(deployment.engine.as_of))
    bytes += memory::cached_by_rocm(exact.model(), deployment.parallel, stage, platform_of(deployment));
  if (!placed.quantised.empty()) bytes += placed.quantised[index].total() - placed.weights[index].total();
  return bytes;
}

memory::ProfileRun profile_of(const Deployment& deployment) {
  memory::ProfileRun run;
  run.tokens = deployment.kv.max_num_batched_tokens;
  run.sequences = deployment.kv.max_num_seqs;
  run.max_model_len = deployment.kv.max_model_len.count();
  run.encoder = !deployment.skip_mm_profiling;
  run.runner_v2 = deployment.model_runner_v2;
  run.pooling = deployment.runner == "pooling";
  run.multiprocessors = deployment.gpu.multiprocessors.value_or(run.multiprocessors);
  return run;
}

/// Of the intervals of what is subtracted, in quadrature; never nothing.
double width_of(const RankReport& rank) {
  double squares = 1;
  for (const memory::Estimate* each : {&rank.model_loading, &rank.activation_peak, &rank.non_torch}) {
    const double width = double((each->high - each->low).count());
    squares += width * width;
  }
  return std::sqrt(squares);
}

/// The interval of what is left, narrower by as much as a calibration narrows what is subtracted.
memory::Estimate narrowed(const memory::Estimate& estimate, double share) {
  const auto by = [&](Bytes side) { return Bytes(std::int64_t(double(side.count()) * share)); };
  return {estimate.bytes, estimate.bytes - by(estimate.bytes - estimate.low),
          estimate.bytes + by(estimate.high - estimate.bytes)};
}

/// Never below nothing.
memory::Estimate moved(const memory::Estimate& estimate, Bytes by) {
  return {estimate.bytes + by, std::max(estimate.low + by, Bytes(0)), estimate.high + by};
}

}  // namespace

Bytes requested_bytes(Bytes total, double utilization, vllm::Date as_of) {
  const double exact = double(total.count()) * utilization;
  return Bytes(std::int64_t(vllm::in_force(kWholeBytes, as_of) ? std::ceil(exact) : exact));
}

bool checks_free_memory(vllm::Date as_of) { return vllm::in_force(kChecksFree, as_of); }

memory::Situation situation_of(const Exact& exact, std::size_t index) {
  const Deployment& deployment = exact.deployment;
  const memory::Stage& stage = exact.stages()[index];
  memory::Situation situation;
  situation.gpus = memory::class_of(deployment.gpu);
  situation.ranks = deployment.parallel.tensor;
  situation.stages = deployment.parallel.pipeline;
  situation.dealt = deployment.parallel.whole_experts();
  situation.mixture = exact.placed->activations.mixture;
  situation.runner_v2 = deployment.model_runner_v2;
  situation.day = deployment.engine.as_of;
  situation.graphs = graphs_of(deployment).count;
  situation.layers = stage.end - stage.begin;
  return situation;
}

void divide_budget(const Deployment& deployment, RankReport& rank) {
  rank.requested = requested_bytes(rank.total, deployment.gpu_memory_utilization, deployment.engine.as_of);
  rank.available_kv.bytes =
      deployment.kv_cache_memory_bytes.value_or(rank.requested - rank.model_loading.bytes - rank.activation_peak.bytes -
                                                rank.non_torch.bytes - rank.cuda_graphs_reserved.bytes);
}

RankCosts rank_costs(const Exact& exact, std::size_t index, const memory::Corrections& learnt) {
  const Deployment& deployment = exact.deployment;
  const memory::Overheads& overheads = exact.measured();
  const memory::Situation situation = situation_of(exact, index);

  RankReport rank;
  rank.pp_rank = exact.stages()[index].index;
  rank.total = deployment.gpu.total;
  rank.free = deployment.gpu.free;
  const Bytes loading = loaded(exact, index, rank);
  const memory::Activations activations = memory::activation_peak(
      exact.model(), exact.placed->activations, deployment.parallel, exact.stages()[index], platform_of(deployment),
      profile_of(deployment), deployment.towers, overheads.activations);
  rank.model_loading = overheads.model_loading.around(loading, situation);
  rank.activation_peak = overheads.activation_peak.around(activations.peak, situation);
  rank.non_torch = moved(overheads.non_torch.estimate(situation), activations.consumed);
  const double untaught = width_of(rank);
  rank.model_loading = memory::corrected(rank.model_loading, learnt.model_loading);
  rank.activation_peak = memory::corrected(rank.activation_peak, learnt.activation_peak);
  rank.non_torch = memory::corrected(rank.non_torch, learnt.non_torch);
  const double narrower = width_of(rank) / untaught;
  rank.context = moved(overheads.context.estimate(situation), Bytes(0));
  const memory::GraphPool pool = memory::graph_pool(
      exact.model(), exact.placed->activations, deployment.parallel, exact.stages()[index], platform_of(deployment),
      deployment.gpu.vendor, graphs_of(deployment).capture, overheads.activations);
  rank.cuda_graphs = memory::cuda_graphs(overheads, situation, pool);
  if (situation.graphs > 0) rank.cuda_graphs = memory::corrected(rank.cuda_graphs, learnt.cuda_graphs);
  rank.graph_estimate = moved(memory::graph_estimate(overheads, situation, pool), Bytes(0));
  if (memory::reserves_graphs(situation)) rank.cuda_graphs_reserved = rank.graph_estimate;
  return {std::move(rank), narrower};
}

RankReport rank_budget(const Exact& exact, std::size_t index, const memory::Corrections& learnt) {
  RankCosts costs = rank_costs(exact, index, learnt);
  divide_budget(exact.deployment, costs.rank);
  memory::Estimate& available = costs.rank.available_kv;
  const memory::Estimate around = exact.measured().available_kv.around(available.bytes, situation_of(exact, index));
  available = exact.deployment.kv_cache_memory_bytes
                  ? memory::Estimate{available.bytes, available.bytes, available.bytes}
                  : narrowed(around, costs.narrower);
  return std::move(costs.rank);
}

}  // namespace vram::plan
