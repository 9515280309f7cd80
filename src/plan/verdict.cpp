#include "plan/verdict.h"

#include <algorithm>
#include <cmath>

#include "memory/kv_capacity.h"
#include "plan/budget.h"
#include "plan/log_lines.h"

namespace vram::plan {
namespace {

constexpr double kMillion = 1e6;

/// Probability that a variable of the given 5th, 50th and 95th percentiles, normal on either side, is above
/// `threshold`; to a millionth, as erfc's last digits are another's in each C library.
double probability_above(const memory::Estimate& estimate, Bytes threshold) {
  const double margin = double((estimate.bytes - threshold).count());
  const Bytes side = margin >= 0 ? estimate.bytes - estimate.low : estimate.high - estimate.bytes;
  const double sigma = double(side.count()) / 1.6449;
  if (sigma <= 0) return margin >= 0 ? 1 : 0;
  const double probability = 0.5 * std::erfc(-margin / sigma / std::sqrt(2.0));
  return std::round(probability * kMillion) / kMillion;
}

Bytes free_bytes(const RankReport& rank) { return rank.free.value_or(rank.total - rank.context.bytes); }

/// What is held once the graphs are captured; the activations of the profiling run are gone by then.
Bytes serving_bytes(const RankReport& rank, Bytes pool) {
  return rank.model_loading.bytes + rank.non_torch.bytes + pool + rank.graphs_held();
}

Bytes profiling_bytes(const RankReport& rank) {
  return rank.model_loading.bytes + rank.activation_peak.bytes + rank.non_torch.bytes;
}

constexpr const char* kOutOfMemory = "torch.OutOfMemoryError: CUDA out of memory.";

/// `needed` bytes, spread as `estimate` is, are more than are free.
Verdict exhausted(Reason reason, Bytes free, Bytes needed, const memory::Estimate& estimate) {
  const memory::Estimate left{free - needed, free - needed - (estimate.high - estimate.bytes),
                              free - needed + (estimate.bytes - estimate.low)};
  return {false, reason, kOutOfMemory, probability_above(left, Bytes(0))};
}

/// What the start needs to get past loading and profiling, against what the card has.
Verdict stopped(const Deployment& deployment, const RankReport& rank, Reason reason) {
  const Bytes free = free_bytes(rank);
  if (reason == Reason::kFreeMemoryBelowRequest)
    return {false, reason,
            free_memory_refusal(free, rank.total, deployment.gpu_memory_utilization, rank.requested,
                                deployment.engine.as_of),
            0};
  const bool loading = reason == Reason::kOutOfMemoryLoading;
  return exhausted(reason, free, loading ? rank.model_loading.bytes : profiling_bytes(rank),
                   loading ? rank.model_loading : rank.activation_peak);
}

// Between the two it capped the sizes of the graphs instead.
constexpr vllm::Step<bool> kBlockPerSequence[] = {
    {{}, false, "vllm v0.19.0 vllm/config/compilation.py"},
    {{2026, 4, 15}, true, "~vllm v0.20.0 vllm/config/compilation.py, resolve_cudagraph_mode_and_sizes"},
};
static_assert(vllm::well_formed(kBlockPerSequence));

std::string too_few_state_blocks(std::int64_t sequences, std::int64_t count) {
  const std::string blocks = std::to_string(count);
  return "max_num_seqs (" + std::to_string(sequences) + ") exceeds available Mamba cache blocks (" + blocks +
         "). Each decode sequence requires one Mamba cache block, so CUDA graph capture cannot proceed. Please lower "
         "max_num_seqs to at most " +
         blocks + " or increase gpu_memory_utilization.";
}

}  // namespace

Reason before_cache(const Deployment& deployment, const RankReport& rank) {
  const Bytes free = free_bytes(rank);
  if (checks_free_memory(deployment.engine.as_of) && free < rank.requested) return Reason::kFreeMemoryBelowRequest;
  if (rank.model_loading.bytes > free) return Reason::kOutOfMemoryLoading;
  return profiling_bytes(rank) > free ? Reason::kOutOfMemoryProfiling : Reason::kOk;
}

Bytes pool_of(const memory::KvPlan& kv, const RankReport& rank) {
  const auto stage = std::size_t(rank.pp_rank);
  return stage < kv.pool.size() ? kv.pool[stage] : Bytes(0);
}

bool lacks_graph_memory(const Deployment& deployment, const RankReport& rank, const memory::KvPlan& kv) {
  return !deployment.enforce_eager && serving_bytes(rank, pool_of(kv, rank)) > free_bytes(rank);
}

Reason cache_refusal(std::span<const Bytes> available) {
  const bool none = std::ranges::any_of(available, [](Bytes bytes) { return bytes <= Bytes(0); });
  return none ? Reason::kNoKvMemory : Reason::kMaxModelLenTooLong;
}

bool lacks_state_blocks(const Exact& exact, std::int64_t blocks) {
  const Deployment& deployment = exact.deployment;
  const memory::KvSettings& kv = deployment.kv;
  if (deployment.enforce_eager || kv.max_num_seqs <= blocks || !exact.built->recurrent ||
      deployment.cudagraph_mode.find("FULL") == std::string::npos ||
      !vllm::in_force(kBlockPerSequence, deployment.engine.as_of))
    return false;
  return std::ranges::any_of(memory::groups_on(exact.caches->grouping, 0), [](const memory::LayerGroup& group) {
    return group.first().kind == memory::KvSpec::Kind::kMamba;
  });
}

Verdict judge_start(const Exact& exact, std::span<const RankReport> ranks, std::span<const RankReport> stages,
                    const memory::KvPlan& kv) {
  const Deployment& deployment = exact.deployment;
  for (const RankReport& rank : ranks)
    if (const Reason reason = before_cache(deployment, rank); reason != Reason::kOk)
      return stopped(deployment, rank, reason);
  double probability = 1;
  std::vector<Bytes> available;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    available.push_back(stages[i].available_kv.bytes);
    if (exact.caches->grouping.layers.empty()) continue;
    const Bytes needed = i < kv.needed.size() ? kv.needed[i] : Bytes(1);
    const Bytes block = i < kv.bytes_per_block.size() ? kv.bytes_per_block[i] : Bytes(0);
    const Bytes threshold = needed + (kv.refusal ? Bytes(0) : block);
    probability = std::min(probability, probability_above(stages[i].available_kv, threshold));
  }
  if (kv.refusal) return {false, cache_refusal(available), kv.refusal, probability};
  if (lacks_state_blocks(exact, kv.num_blocks))
    return {false, Reason::kNoKvMemory, too_few_state_blocks(deployment.kv.max_num_seqs, kv.num_blocks), 0};
  for (const RankReport& rank : ranks)
    if (lacks_graph_memory(deployment, rank, kv))
      return exhausted(Reason::kOutOfMemoryCapturing, free_bytes(rank), serving_bytes(rank, pool_of(kv, rank)),
                       rank.cuda_graphs);
  return {true, Reason::kOk, std::nullopt, probability};
}

}  // namespace vram::plan
