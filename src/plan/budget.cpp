#include "plan/budget.h"

#include <cmath>

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

/// Half of the interval of a sum of independent terms.
double half(const memory::Estimate& estimate) { return double((estimate.high - estimate.low).count()) / 2; }

memory::Estimate less(Bytes from, std::initializer_list<memory::Estimate> terms) {
  double squares = 0;
  for (const memory::Estimate& term : terms) {
    from -= term.bytes;
    squares += half(term) * half(term);
  }
  const Bytes width(std::int64_t(std::sqrt(squares)));
  return {from, from - width, from + width};
}

/// Graphs captured over all modes: piecewise for every size, full for the sizes that decoding can reach.
memory::Graphs graphs_of(const Deployment& deployment) {
  memory::Graphs graphs;
  if (deployment.enforce_eager || deployment.cudagraph_mode == "NONE") return graphs;
  graphs.sizes = std::int64_t(deployment.cudagraph_capture_sizes.size());
  const bool piecewise = deployment.cudagraph_mode.find("PIECEWISE") != std::string::npos;
  const bool full = deployment.cudagraph_mode.find("FULL") != std::string::npos || deployment.cudagraph_mode.empty();
  const std::int64_t most = deployment.kv.max_num_seqs * (1 + deployment.kv.speculative_tokens);
  for (const std::int64_t size : deployment.cudagraph_capture_sizes) {
    graphs.captured += piecewise;
    graphs.captured += full && size <= most;
  }
  return graphs;
}

}  // namespace

Bytes requested_bytes(Bytes total, double utilization, vllm::Date as_of) {
  const double exact = double(total.count()) * utilization;
  return Bytes(std::int64_t(vllm::in_force(kWholeBytes, as_of) ? std::ceil(exact) : exact));
}

bool checks_free_memory(vllm::Date as_of) { return vllm::in_force(kChecksFree, as_of); }

RankReport rank_budget(const Exact& exact, std::size_t index, const memory::Corrections& learnt) {
  const Deployment& deployment = exact.deployment;
  const memory::Stage& stage = exact.stages()[index];
  const Placed& placed = *exact.placed;
  const memory::Platform platform = platform_of(deployment);
  const Bytes total = deployment.gpu.total;

  RankReport rank;
  rank.pp_rank = stage.index;
  rank.weights = placed.weights[index].total();
  rank.model_loading = placed.loading[index];
  Bytes beside;  // loaded in the same breath as the model: the draft, adapter slots
  if (stage.last() && placed.draft_weights) beside += placed.draft_weights->total();
  if (!placed.lora_slots.empty()) beside += placed.lora_slots[index];
  rank.weights += beside;
  rank.model_loading.bytes += beside;
  rank.model_loading.low += beside;
  rank.model_loading.high += beside;
  rank.model_loading = memory::corrected(rank.model_loading, learnt.model_loading);

  rank.offloaded = placed.offloaded[index];
  for (Bytes* figure : {&rank.model_loading.bytes, &rank.model_loading.low, &rank.model_loading.high})
    *figure -= rank.offloaded;

  memory::ProfileRun run;
  run.tokens = deployment.kv.max_num_batched_tokens;
  run.sequences = deployment.kv.max_num_seqs;
  run.max_model_len = deployment.kv.max_model_len.count();
  run.runner_v2 = deployment.model_runner_v2;
  run.pooling = deployment.runner == "pooling";
  for (const Part& part : exact.model().parts)
    if (stage.first() && part.role != Part::Role::kText && memory::held(part, stage, deployment.towers))
      run.encoder_tokens = run.tokens;
  rank.activation_peak = memory::activation_peak(exact.model(), placed.activations, stage, platform, run).peak;

  rank.non_torch = memory::non_torch(platform, deployment.parallel, total);
  rank.context = memory::context(platform, deployment.parallel, total);
  const memory::Graphs graphs = graphs_of(deployment);
  rank.cuda_graphs = memory::cuda_graphs(placed.activations.mixture, stage, graphs, deployment.model_runner_v2);
  rank.activation_peak = memory::corrected(rank.activation_peak, learnt.activation_peak);
  rank.non_torch = memory::corrected(rank.non_torch, learnt.non_torch);
  if (graphs.captured > 0) rank.cuda_graphs = memory::corrected(rank.cuda_graphs, learnt.cuda_graphs);
  rank.cuda_graphs_reserved =
      memory::cuda_graphs_reserved(platform, rank.cuda_graphs, deployment.model_runner_v2, graphs.captured > 0);

  rank.requested = requested_bytes(total, deployment.gpu_memory_utilization, deployment.engine.as_of);
  rank.available_kv =
      less(rank.requested, {rank.model_loading, rank.activation_peak, rank.non_torch, rank.cuda_graphs_reserved});
  if (const auto given = deployment.kv_cache_memory_bytes) rank.available_kv = {*given, *given, *given};
  return rank;
}

}  // namespace vram::plan
