#include "plan/variations.h"

#include <algorithm>

#include "arch/build.h"
#include "memory/block_sizes.h"
#include "plan/boundaries.h"
#include "plan/budget.h"
#include "plan/unlike.h"
#include "plan/verdict.h"

namespace vram::plan {
namespace {

std::int64_t batch_of_parts(const Exact& exact) {
  return exact.deployment.source && arch::follows_batch(exact.deployment.source->architecture)
             ? exact.deployment.kv.max_num_batched_tokens
             : 0;
}

/// Whether a part of what is derived depends on max_model_len.
bool follows_length(const Exact& exact) {
  const Built& built = *exact.built;
  return arch::follows_max_model_len(built.model) || built.draft ||
         (built.recurrent && memory::state_blocks_follow_length(exact.deployment.kv, exact.deployment.engine.as_of));
}

}  // namespace

std::size_t Variations::Hash::operator()(const CostsKey& key) const {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio
  std::uint64_t mixed = 0;
  for (const std::int64_t part : {key.tokens, key.sequences, key.length.count(), key.gpu_total.count()})
    mixed = (mixed ^ std::uint64_t(part)) * kOdd;
  return std::size_t(mixed >> 32);
}

Variations::Variations(OpenDeployment open, Exact exact, const Request& request, const Deriver& deriver)
    : open_(std::move(open)),
      exact_(std::move(exact)),
      source_(request.model),
      unlike_(request.unlike),
      learnt_(corrections(request.calibration, exact_.deployment)) {
  exact_.overheads = request.overheads;
  parts_batch_ = batch_of_parts(exact_);
  if (!follows_length(exact_) && parts_batch_ == 0) return;
  deriver_ = deriver;
  parts_length_ = exact_.deployment.kv.max_model_len;
}

Result<Variations> Variations::of(const Request& request, Deriver& deriver) {
  auto open = resolve_open(request);
  if (!open) return open.error();
  auto exact = deriver.derive(request.model, open->deployment);
  if (!exact) return exact.error();
  if (!request.unlike.empty())
    if (auto each = on_each_gpu(*exact, request); !each) return each.error();
  return Variations(*std::move(open), *std::move(exact), request, deriver);
}

std::optional<std::int64_t> Variations::longest() const {
  const LengthRule& rule = open_.schedule.length;
  if (rule.unlimited || rule.allows_longer) return std::nullopt;
  return std::max(std::int64_t(std::min(rule.longest, 9e15)), rule.model_max_length.value_or(0));
}

const Outcome& Variations::at(const Variation& variation) {
  const AskedSizes& asked = open_.asked;
  const AskedSizes& varied = variation.sizes;
  const auto either = [](const auto& first, const auto& second) { return first ? first : second; };
  outcome_ = {};
  choose_memory(variation);
  const double share = exact_.deployment.gpu_memory_utilization;
  const Stop stop = choose_sizes({either(varied.max_model_len, asked.max_model_len),
                                  either(varied.max_num_batched_tokens, asked.max_num_batched_tokens),
                                  either(varied.max_num_seqs, asked.max_num_seqs)});
  if (stop || !(share > 0 && share <= 1))
    outcome_.reason = Reason::kInvalidArguments;
  else
    judge();
  return outcome_;
}

void Variations::choose_memory(const Variation& variation) {
  const Deployment& given = open_.deployment;
  Deployment& deployment = exact_.deployment;
  deployment.gpu_memory_utilization = variation.gpu_memory_utilization.value_or(given.gpu_memory_utilization);
  deployment.kv_cache_memory_bytes =
      variation.kv_cache_memory_bytes ? variation.kv_cache_memory_bytes : given.kv_cache_memory_bytes;
  deployment.kv.num_gpu_blocks_override =
      variation.num_gpu_blocks_override ? variation.num_gpu_blocks_override : given.kv.num_gpu_blocks_override;
  gpu_total_ = variation.gpu_total.value_or(Bytes(0));
  deployment.gpu.total = variation.gpu_total.value_or(given.gpu.total);
  deployment.gpu.driver_total = variation.gpu_total ? Bytes(0) : given.gpu.driver_total;
  deployment.gpu.free = variation.gpu_total ? std::nullopt : given.gpu.free;
}

Stop Variations::choose_sizes(const AskedSizes& asked) {
  Deployment& deployment = exact_.deployment;
  memory::KvSettings& kv = deployment.kv;
  const Schedule& schedule = open_.schedule;
  if (Stop stop = schedule.length.apply(asked.max_model_len, kv)) return stop;
  deployment.chunked_prefill = schedule.chunks.chunks(kv.max_model_len);
  if (Stop stop = schedule.batches.apply(asked, memory_class(deployment.gpu), deployment.chunked_prefill, kv)) {
    outcome_.too_short = deployment.chunked_prefill || kv.max_num_batched_tokens >= kv.max_model_len.count();
    return stop;
  }
  if (deriver_)
    if (Stop stop = derive_parts()) return stop;
  return choose_costs();
}

Stop Variations::derive_parts() {
  const Tokens length = exact_.deployment.kv.max_model_len;
  const std::int64_t batch = batch_of_parts(exact_);
  if (length == parts_length_ && batch == parts_batch_) return std::nullopt;
  Deployment again = open_.deployment;
  again.kv.max_model_len = length;
  if (batch > 0) again.kv.max_num_batched_tokens = batch;
  auto exact = deriver_->derive(source_, std::move(again));
  if (!exact) return exact.error();
  exact_.built = std::move(exact->built);
  exact_.placed = std::move(exact->placed);
  exact_.caches = std::move(exact->caches);
  parts_length_ = length;
  parts_batch_ = batch;
  costs_.clear();
  chosen_ = nullptr;
  return std::nullopt;
}

/// What was found for these batches before, else found now, with the graph sizes that follow from them.
Stop Variations::choose_costs() {
  Deployment& deployment = exact_.deployment;
  const memory::KvSettings& kv = deployment.kv;
  const Tokens length = exact_.placed->activations.sparse ? kv.max_model_len : Tokens(0);
  const CostsKey key{kv.max_num_batched_tokens, kv.max_num_seqs, length, gpu_total_};
  auto found = costs_.find(key);
  if (found == costs_.end()) {
    chosen_ = nullptr;
    auto sizes = open_.schedule.graphs.capture(kv);
    if (!sizes) return sizes.error();
    deployment.cudagraph_capture_sizes = *std::move(sizes);
    if (costs_.size() >= kMostCosts) costs_.clear();
    found = costs_.emplace(key, Costs{deployment.cudagraph_capture_sizes, costs()}).first;
  } else if (chosen_ != &found->second) {
    deployment.cudagraph_capture_sizes = found->second.capture_sizes;
  }
  chosen_ = &found->second;
  return std::nullopt;
}

std::vector<RankReport> Variations::costs() const {
  std::vector<RankReport> ranks;
  if (unlike_.empty()) {
    for (std::size_t i = 0; i < exact_.stages().size(); ++i) ranks.push_back(rank_costs(exact_, i, learnt_).rank);
    return ranks;
  }
  const memory::Parallel& parallel = exact_.deployment.parallel;
  Exact own = exact_;
  for (std::int64_t rank = 0; rank < parallel.tensor * parallel.pipeline * parallel.data; ++rank) {
    if (gpu_total_ == Bytes(0)) {
      own.deployment.gpu.total = unlike_[std::size_t(rank)].total;
      own.deployment.gpu.free = unlike_[std::size_t(rank)].free;
    }
    ranks.push_back(rank_costs(own, std::size_t(rank / parallel.tensor % parallel.pipeline), learnt_).rank);
  }
  return ranks;
}

void Variations::judge() {
  const Deployment& deployment = exact_.deployment;
  available_.clear();
  for (RankReport& rank : chosen_->ranks) {
    divide_budget(deployment, rank);
    const auto stage = std::size_t(rank.pp_rank);
    if (stage == available_.size())
      available_.push_back(rank.available_kv.bytes);
    else
      available_[stage] = std::min(available_[stage], rank.available_kv.bytes);
    if (outcome_.reason == Reason::kOk) outcome_.reason = before_cache(deployment, rank);
  }
  outcome_.available = std::ranges::min(available_);
  outcome_.max_num_seqs = deployment.kv.max_num_seqs;
  outcome_.cached = !exact_.caches->grouping.layers.empty();
  const memory::KvPlan kv =
      memory::kv_numbers(exact_.caches->grouping, available_, platform_of(deployment), deployment.kv);
  if (outcome_.reason == Reason::kOk && kv.refusal) outcome_.reason = cache_refusal(available_);
  if (outcome_.reason == Reason::kOk && lacks_state_blocks(exact_, kv.num_blocks))
    outcome_.reason = Reason::kNoKvMemory;
  for (const RankReport& rank : chosen_->ranks)
    if (outcome_.reason == Reason::kOk && lacks_graph_memory(deployment, rank, kv))
      outcome_.reason = Reason::kOutOfMemoryCapturing;
  outcome_.tokens = kv.tokens;
  outcome_.max_concurrency = kv.max_concurrency;
  outcome_.max_model_len = kv.max_model_len;
}

RankReport Variations::rank(std::size_t stage) const { return rank_budget(exact_, stage, learnt_); }

std::int64_t Variations::requests_at(Tokens length) const {
  if (!outcome_.fits()) return 0;
  return requests_of(exact_, available_, length);
}

}  // namespace vram::plan
