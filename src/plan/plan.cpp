#include <algorithm>
#include <cmath>

#include "memory/kv_groups.h"
#include "memory/loading.h"
#include "plan/boundaries.h"
#include "plan/budget.h"
#include "plan/log_lines.h"
#include "plan/report.h"
#include "plan/stored_weights.h"
#include "units/text.h"

namespace vram::plan {
namespace {

/// Probability that a normal variable of the given 5th and 95th percentiles is above `threshold`.
double probability_above(const memory::Estimate& estimate, Bytes threshold) {
  const double sigma = double((estimate.high - estimate.low).count()) / (2 * 1.6449);
  const double margin = double((estimate.bytes - threshold).count());
  if (sigma <= 0) return margin >= 0 ? 1 : 0;
  return 0.5 * std::erfc(-margin / sigma / std::sqrt(2.0));
}

std::vector<Bytes> available(const std::vector<RankReport>& stages, Bytes memory::Estimate::* which) {
  std::vector<Bytes> bytes;
  for (const RankReport& stage : stages) bytes.push_back(stage.available_kv.*which);
  return bytes;
}

// Longer than any context that is served; the memory of one request stays within 64 bits.
constexpr std::int64_t kLongestLength = std::int64_t{1} << 28;

WorkloadReport judge(const Workload& wanted, const Exact& exact, std::span<const Bytes> bytes, bool starts) {
  WorkloadReport report;
  if (!starts) return report;
  const std::int64_t most = exact.deployment.kv.max_num_seqs;
  const memory::KvPlan plan = plan_at(exact, bytes, Tokens(wanted.context_tokens));
  report.concurrent_requests_possible = plan.refusal ? 0 : std::min(most, std::int64_t(plan.max_concurrency));
  if (wanted.concurrent_requests <= most)
    report.context_possible =
        longest_context(exact, bytes, wanted.concurrent_requests, exact.deployment.kv.max_model_len.count());
  report.fits = report.concurrent_requests_possible >= wanted.concurrent_requests &&
                report.context_possible >= wanted.context_tokens;
  return report;
}

Report blank(const Request& request) {
  Report report;
  report.engine = request.engine;
  report.model_name = request.model->name;
  report.architecture = request.model->architecture;
  report.source = request.model->place;
  report.fingerprint = request.model->fingerprint;
  report.gpu = request.gpu;
  report.gpu_count = std::max<std::int64_t>(request.gpu_count, 1);
  report.args = request.args;
  return report;
}

Report refused(const Request& request, const Error& error) {
  Report report = blank(request);
  report.verdict.reason = error.code == ErrorCode::kUnsupported ? Reason::kUnsupportedModel : Reason::kInvalidArguments;
  report.verdict.message = error.code == ErrorCode::kRefused ? error.problem : error.sentence();
  return report;
}

void add_model(const Exact& exact, Report& report) {
  const Deployment& deployment = exact.deployment;
  report.layers = std::int64_t(exact.model.layers.size());
  report.dtype = deployment.build.dtype;
  report.quantization = deployment.quantization;
  report.args = deployment.resolved;
  report.gpu_memory_utilization = deployment.gpu_memory_utilization;
  const memory::Parallel one;
  const memory::Stage all{0, 1, 0, report.layers};
  const memory::Platform platform = platform_of(deployment);
  if (auto weights = memory::weigh(exact.model, one, all, platform, {})) report.parameters = weights->elements;
}

/// What the start needs to get past loading and profiling, against what the card has.
struct Attempt {
  Reason reason = Reason::kOk;
  std::optional<std::string> message;
  double probability = 1;
};

Attempt before_cache(const Deployment& deployment, const RankReport& rank) {
  const Bytes total = deployment.gpu.total;
  const Bytes free = deployment.gpu.free.value_or(total - rank.context.bytes);
  if (checks_free_memory(deployment.engine.as_of) && free < rank.requested)
    return {
        Reason::kFreeMemoryBelowRequest,
        free_memory_refusal(free, total, deployment.gpu_memory_utilization, rank.requested, deployment.engine.as_of),
        0};
  const auto room = [&](Bytes needed, const memory::Estimate& spread) {
    const memory::Estimate left{free - needed, free - needed - (spread.bytes - spread.low),
                                free - needed + (spread.high - spread.bytes)};
    return probability_above(left, Bytes(0));
  };
  if (rank.model_loading.bytes > free)
    return {Reason::kOutOfMemoryLoading, "torch.OutOfMemoryError: CUDA out of memory.",
            room(rank.model_loading.bytes, rank.model_loading)};
  const Bytes profiling = rank.model_loading.bytes + rank.activation_peak.bytes + rank.non_torch.bytes;
  if (profiling > free)
    return {Reason::kOutOfMemoryProfiling, "torch.OutOfMemoryError: CUDA out of memory.",
            room(profiling, rank.activation_peak)};
  return {};
}

// Between the two it capped the sizes of the graphs instead.
constexpr vllm::Step<bool> kBlockPerSequence[] = {
    {{}, false, "vllm v0.19.0 vllm/config/compilation.py"},
    {{2026, 4, 15}, true, "~vllm v0.20.0 vllm/config/compilation.py, resolve_cudagraph_mode_and_sizes"},
};
static_assert(vllm::well_formed(kBlockPerSequence));

/// vLLM's refusal to capture graphs of decoding where recurrent layers have fewer blocks than there may be sequences.
std::optional<std::string> too_few_state_blocks(const Deployment& deployment, const memory::KvPlan& kv) {
  const bool graphs = !deployment.enforce_eager && deployment.cudagraph_mode.find("FULL") != std::string::npos;
  const bool recurrent = std::ranges::any_of(
      kv.groups, [](const memory::KvGroup& group) { return group.spec.kind == memory::KvSpec::Kind::kMamba; });
  const std::int64_t sequences = deployment.kv.max_num_seqs;
  if (!graphs || !recurrent || sequences <= kv.num_blocks ||
      !vllm::in_force(kBlockPerSequence, deployment.engine.as_of))
    return std::nullopt;
  const std::string blocks = std::to_string(kv.num_blocks);
  return "max_num_seqs (" + std::to_string(sequences) + ") exceeds available Mamba cache blocks (" + blocks +
         "). Each decode sequence requires one Mamba cache block, so CUDA graph capture cannot proceed. Please lower "
         "max_num_seqs to at most " +
         blocks + " or increase gpu_memory_utilization.";
}

void judge_start(const Exact& exact, const std::vector<RankReport>& stages, Report& report) {
  Verdict& verdict = report.verdict;
  double probability = 1;
  for (const RankReport& stage : stages) {
    const Attempt attempt = before_cache(exact.deployment, stage);
    if (attempt.reason == Reason::kOk) continue;
    verdict = {false, attempt.reason, attempt.message, attempt.probability};
    return;
  }
  const memory::KvPlan& kv = *report.kv;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const Bytes needed = i < kv.needed.size() ? kv.needed[i] : Bytes(1);
    const Bytes block = i < kv.bytes_per_block.size() ? kv.bytes_per_block[i] : Bytes(0);
    const bool has_cache = !kv.groups.empty();
    if (has_cache)
      probability =
          std::min(probability, probability_above(stages[i].available_kv, needed + (kv.refusal ? Bytes(0) : block)));
  }
  if (kv.refusal) {
    bool none = false;
    for (const RankReport& stage : stages) none = none || stage.available_kv.bytes <= Bytes(0);
    verdict = {false, none ? Reason::kNoKvMemory : Reason::kMaxModelLenTooLong, kv.refusal, probability};
    return;
  }
  if (auto message = too_few_state_blocks(exact.deployment, kv)) {
    verdict = {false, Reason::kNoKvMemory, std::move(message), 0};
    return;
  }
  verdict = {true, Reason::kOk, std::nullopt, probability};
}

void add_cache(const Exact& exact, const std::vector<RankReport>& stages, Report& report) {
  const std::vector<Bytes> middle = available(stages, &memory::Estimate::bytes);
  report.kv = plan_kv(exact, middle);
  report.kv_dtype = exact.deployment.kv.cache_dtype;
  const Tokens length = report.kv->max_model_len;
  report.tokens_low = plan_at(exact, available(stages, &memory::Estimate::low), length, false).tokens;
  report.tokens_high = plan_at(exact, available(stages, &memory::Estimate::high), length, false).tokens;
  if (report.kv->groups.empty()) return;

  const memory::KvPlan open = plan_at(exact, middle, Tokens(kLongestLength), true);
  report.max_context = open.refusal ? Tokens(0) : open.max_model_len;
  const std::vector<Bytes> plenty(stages.size(), Bytes(std::int64_t{1} << 60));
  const std::int64_t step = std::int64_t{1} << 20;
  const memory::KvPlan one = plan_at(exact, plenty, Tokens(step), false),
                       two = plan_at(exact, plenty, Tokens(2 * step), false);
  for (std::size_t i = 0; i < one.needed.size() && i < two.needed.size(); ++i)
    report.bytes_per_token_marginal =
        std::max(report.bytes_per_token_marginal, Bytes((two.needed[i] - one.needed[i]).count() / step));
}

void add_ranks(const Exact& exact, const std::vector<RankReport>& stages, Report& report) {
  const std::int64_t tensor = exact.deployment.parallel.tensor;
  const bool reached = report.verdict.reason == Reason::kOk;
  for (std::size_t i = 0; i < stages.size(); ++i)
    for (std::int64_t t = 0; t < tensor; ++t) {
      RankReport rank = stages[i];
      rank.rank = rank.pp_rank * tensor + t;
      rank.tp_rank = t;
      if (reached && i < report.kv->pool.size()) rank.kv_cache = report.kv->pool[i];
      rank.peak = rank.context.bytes + rank.model_loading.bytes + rank.activation_peak.bytes + rank.non_torch.bytes +
                  rank.kv_cache + (reached ? rank.cuda_graphs.bytes : Bytes(0));
      rank.free_after = exact.deployment.gpu.total - rank.peak;
      report.ranks.push_back(rank);
    }
}

void add_components(const Exact& exact, Report& report) {
  const RankReport& rank = report.fullest();
  const memory::Stage& stage = exact.stages[std::size_t(rank.pp_rank)];
  const memory::Platform platform = platform_of(exact.deployment);
  const auto add = [&](const char* name, Bytes bytes, std::string explains) {
    if (bytes != Bytes(0)) report.components.push_back({name, bytes, std::move(explains)});
  };
  auto roles =
      memory::weights_by_role(exact.model, exact.deployment.parallel, stage, platform, exact.deployment.towers);
  if (roles) {
    Bytes away = rank.offloaded;
    for (Bytes* role : {&roles->experts, &roles->mlp, &roles->attention, &roles->recurrent}) {
      const Bytes part = std::min(*role, away);
      *role -= part;
      away -= part;
    }
    add("weights.embedding", roles->embedding, "token embeddings, rows padded to a multiple of 64");
    add("weights.attention", roles->attention, "query, key, value and output projections");
    add("weights.mlp", roles->mlp, "feed-forward projections, shared experts and routers");
    add("weights.experts", roles->experts, "routed experts");
    add("weights.recurrent", roles->recurrent, "state-space, delta-net and convolution layers");
    add("weights.head", roles->head, "output head");
    add("weights.vision", roles->vision, "vision tower and projector");
    add("weights.audio", roles->audio, "audio tower and projector");
    const Bytes sum = roles->embedding + roles->attention + roles->mlp + roles->experts + roles->recurrent +
                      roles->head + roles->vision + roles->audio;
    add("weights.rest", rank.model_loading.bytes - sum,
        "norms, rotary tables, scales, the draft model and what the allocator rounds up");
  }
  add("activation_peak", rank.activation_peak.bytes, "one forward pass of the largest batch, and sampling");
  add("non_torch", rank.non_torch.bytes, "NCCL and kernels, allocated outside PyTorch");
  add("kv_cache", rank.kv_cache, "blocks of keys, values and states");
  if (report.verdict.reason == Reason::kOk) add("cuda_graphs", rank.cuda_graphs.bytes, "captured after the cache");
  add("context", rank.context.bytes, "the CUDA context, before vLLM measures");
}

void append(const std::vector<std::string>& lines, std::vector<std::string>& log) {
  log.insert(log.end(), lines.begin(), lines.end());
}

/// What is taken for granted, each with how much it could be off.
void add_assumptions(const Exact& exact, Report& report) {
  const RankReport& rank = report.fullest();
  const auto add = [&](const char* about, const memory::Estimate& estimate, const char* why, const char* source) {
    const std::string span = with_commas(estimate.low.count()) + " to " + with_commas(estimate.high.count());
    report.assumptions.push_back(
        {about, with_commas(estimate.bytes.count()), std::string(why) + "; nine of ten start-ups: " + span, source});
  };
  add("activation_peak_bytes", rank.activation_peak, "a closed form of batch, widths and vocabulary", "docs/model.md");
  add("non_torch_bytes", rank.non_torch, "by release, number of ranks and size of the card", "docs/model.md");
  if (rank.cuda_graphs.bytes > Bytes(0))
    add("cuda_graph_bytes", rank.cuda_graphs, "by number of graphs and layers", "docs/model.md");
  if (!exact.deployment.gpu.free)
    add("context_bytes", rank.context, "nothing else is on the GPU: free memory was not given", "docs/model.md");
  if (!report.engine.exact)
    report.assumptions.push_back(
        {"engine.version", report.engine.version,
         "the rules are those of " + report.engine.as_of.text() +
             "; the day its code dates from is not certain, and a rule that changed near it may differ",
         "src/vllm/release.cpp"});
}

void add_log(const Exact& exact, const std::vector<RankReport>& stages, Report& report) {
  const vllm::Date day = report.engine.as_of;
  if (report.verdict.reason == Reason::kFreeMemoryBelowRequest) {
    report.log.push_back("ValueError: " + *report.verdict.message);
    return;
  }
  const RankReport& first = stages.front();
  report.log.push_back(model_loading_line(first.model_loading.bytes, day));
  if (report.verdict.reason == Reason::kOutOfMemoryLoading || report.verdict.reason == Reason::kOutOfMemoryProfiling)
    return;
  const bool grouped_first = memory::groups_before_profiling(day);
  if (grouped_first) append(report.kv->grouping_log, report.log);
  if (!exact.deployment.kv_cache_memory_bytes) {
    if (auto line = available_line(first.available_kv.bytes, day)) report.log.push_back(*line);
    if (auto line = graph_profiling_line(report.gpu_memory_utilization, first.cuda_graphs_reserved.bytes,
                                         report.gpu.total, day))
      report.log.push_back(*line);
  }
  if (!grouped_first) append(report.kv->grouping_log, report.log);
  append(report.kv->log, report.log);
  if (report.kv->refusal) {
    report.log.push_back("ValueError: " + *report.kv->refusal);
    return;
  }
  for (std::string& line : memory::capacity_lines(*report.kv, day)) report.log.push_back(std::move(line));
  if (!report.verdict.fits) report.log.push_back("ValueError: " + *report.verdict.message);
}

}  // namespace

std::string_view name(Reason reason) {
  switch (reason) {
    case Reason::kOk:
      return "ok";
    case Reason::kInvalidArguments:
      return "invalid_arguments";
    case Reason::kFreeMemoryBelowRequest:
      return "free_memory_below_request";
    case Reason::kOutOfMemoryLoading:
      return "out_of_memory_loading";
    case Reason::kOutOfMemoryProfiling:
      return "out_of_memory_profiling";
    case Reason::kNoKvMemory:
      return "no_kv_memory";
    case Reason::kMaxModelLenTooLong:
      return "max_model_len_too_long";
    case Reason::kUnsupportedModel:
      return "unsupported_model";
  }
  return "";
}

const RankReport& Report::fullest() const {
  return *std::max_element(ranks.begin(), ranks.end(),
                           [](const RankReport& a, const RankReport& b) { return a.peak < b.peak; });
}

Result<Report> plan(const Request& request) {
  const auto answer = [&](const Error& error) -> Result<Report> {
    if (error.code == ErrorCode::kRefused || error.code == ErrorCode::kUnsupported) return refused(request, error);
    return error;
  };
  auto deployment = resolve(*request.model, request.args, request.engine, request.gpu);
  if (!deployment) return answer(deployment.error());
  auto exact = derive(*request.model, *std::move(deployment));
  if (!exact) return answer(exact.error());

  Report report = blank(request);
  add_model(*exact, report);
  const memory::Parallel& parallel = exact->deployment.parallel;
  report.gpu_count = std::max(report.gpu_count, parallel.tensor * parallel.pipeline * parallel.data);
  std::vector<RankReport> stages;
  const memory::Corrections learnt = corrections(request.calibration, exact->deployment);
  for (std::size_t i = 0; i < exact->stages.size(); ++i) {
    auto rank = rank_budget(*exact, i, learnt);
    if (!rank) return answer(rank.error());
    stages.push_back(*rank);
  }
  add_cache(*exact, stages, report);
  judge_start(*exact, stages, report);
  add_ranks(*exact, stages, report);
  add_components(*exact, report);
  add_assumptions(*exact, report);
  if (!request.calibration.name.empty())
    report.assumptions.push_back({"calibration", request.calibration.name,
                                  "what vLLM measures is moved by " +
                                      std::to_string(request.calibration.observations.size()) +
                                      " start-ups of one machine",
                                  "docs/calibration.md"});
  add_checkpoint(*exact, report);
  if (request.workload)
    report.workload =
        judge(*request.workload, *exact, available(stages, &memory::Estimate::bytes), report.verdict.fits);
  add_log(*exact, stages, report);
  report.basis = "closed forms fitted to published start-ups of vLLM 0.6 to 0.30, mostly on H100";
  return report;
}

}  // namespace vram::plan
