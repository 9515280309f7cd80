#include <algorithm>

#include "memory/kv_groups.h"
#include "memory/loading.h"
#include "plan/boundaries.h"
#include "plan/budget.h"
#include "plan/log_lines.h"
#include "plan/planner.h"
#include "plan/stored_weights.h"
#include "plan/unlike.h"
#include "plan/verdict.h"
#include "readers/variants.h"
#include "units/text.h"

namespace vram::plan {
namespace {

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
  report.concurrent_requests_possible = requests_of(exact, bytes, Tokens(wanted.context_tokens));
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

void add_model(Exact& exact, Report& report) {
  const Deployment& deployment = exact.deployment;
  report.layers = std::int64_t(exact.model().layers.size());
  report.parameters = exact.placed->elements;
  report.dtype = deployment.build.dtype;
  report.quantization = deployment.quantization;
  report.args = std::move(exact.deployment.resolved);
  report.gpu_memory_utilization = deployment.gpu_memory_utilization;
}

/// What the cache holds with more or less memory, and at other lengths.
void add_reach(const Exact& exact, const std::vector<RankReport>& stages, Report& report) {
  const std::vector<Bytes> middle = available(stages, &memory::Estimate::bytes);
  const Tokens length = report.kv->max_model_len;
  report.tokens_low = plan_at(exact, available(stages, &memory::Estimate::low), length).tokens;
  report.tokens_high = plan_at(exact, available(stages, &memory::Estimate::high), length).tokens;
  if (report.kv->groups.empty()) return;

  const memory::KvPlan open = plan_at(exact, middle, Tokens(kLongestLength), true);
  report.max_context = open.refusal ? Tokens(0) : open.max_model_len;
  const std::vector<Bytes> plenty(stages.size(), Bytes(std::int64_t{1} << 60));
  const std::int64_t step = std::int64_t{1} << 20;
  const memory::KvPlan one = plan_at(exact, plenty, Tokens(step)), two = plan_at(exact, plenty, Tokens(2 * step));
  for (std::size_t i = 0; i < one.needed.size() && i < two.needed.size(); ++i)
    report.bytes_per_token_marginal =
        std::max(report.bytes_per_token_marginal, Bytes((two.needed[i] - one.needed[i]).count() / step));
}

/// Ranks of tensor parallelism are alike.
std::vector<RankReport> numbered(const std::vector<RankReport>& stages, std::int64_t tensor, const hardware::Gpu& gpu) {
  std::vector<RankReport> ranks;
  for (const RankReport& stage : stages)
    for (std::int64_t t = 0; t < tensor; ++t) {
      ranks.push_back(stage);
      ranks.back().rank = stage.pp_rank * tensor + t;
      ranks.back().tp_rank = t;
      ranks.back().gpu = gpu.id.empty() ? gpu.name : gpu.id;
    }
  return ranks;
}

void add_ranks(std::vector<RankReport> ranks, Report& report) {
  const bool reached = allocates_cache(report.verdict.reason);
  for (RankReport& rank : ranks) {
    if (reached) rank.kv_cache = pool_of(*report.kv, rank);
    rank.peak = rank.context.bytes + rank.model_loading.bytes + rank.activation_peak.bytes + rank.non_torch.bytes +
                rank.kv_cache + (reached ? rank.graphs_held() : Bytes(0));
    rank.free_after = rank.total - rank.peak;
  }
  report.ranks = std::move(ranks);
}

void add_components(const Exact& exact, Report& report) {
  const RankReport& rank = report.fullest();
  const auto add = [&](const char* name, Bytes bytes, std::string explains) {
    if (bytes != Bytes(0)) report.components.push_back({name, bytes, std::move(explains)});
  };
  memory::Breakdown roles = exact.placed->roles[std::size_t(rank.pp_rank)];
  Bytes away = rank.offloaded;
  for (Bytes* role : {&roles.experts, &roles.mlp, &roles.attention, &roles.recurrent}) {
    const Bytes part = std::min(*role, away);
    *role -= part;
    away -= part;
  }
  add("weights.embedding", roles.embedding, "token embeddings, rows padded to a multiple of 64");
  add("weights.attention", roles.attention, "query, key, value and output projections");
  add("weights.mlp", roles.mlp, "feed-forward projections, shared experts and routers");
  add("weights.experts", roles.experts, "routed experts");
  add("weights.recurrent", roles.recurrent, "state-space, delta-net and convolution layers");
  add("weights.head", roles.head, "output head");
  add("weights.vision", roles.vision, "vision tower and projector");
  add("weights.audio", roles.audio, "audio tower and projector");
  const Bytes sum = roles.embedding + roles.attention + roles.mlp + roles.experts + roles.recurrent + roles.head +
                    roles.vision + roles.audio;
  add("weights.rest", rank.model_loading.bytes - sum,
      "norms, rotary tables, scales, the draft model and what the allocator rounds up");
  add("activation_peak", rank.activation_peak.bytes, "one forward pass of the largest batch, and sampling");
  add("non_torch", rank.non_torch.bytes, "NCCL and kernels, allocated outside PyTorch");
  add("kv_cache", rank.kv_cache, "blocks of keys, values and states");
  if (allocates_cache(report.verdict.reason)) add("cuda_graphs", rank.graphs_held(), "captured after the cache");
  add("context", rank.context.bytes, "the CUDA context, before vLLM measures");
}

/// What is planned of the cache: plan_kv, or its numbers alone.
using CachePlan = memory::KvPlan (*)(const Exact&, std::span<const Bytes>);

memory::KvPlan numbers(const Exact& exact, std::span<const Bytes> bytes) {
  return plan_at(exact, bytes, exact.deployment.kv.max_model_len, exact.deployment.kv.fit_max_model_len);
}

/// Ranks, cache, verdict and workload; answers each stage's budget.
Result<std::vector<RankReport>> judge(const Exact& exact, const Request& request, CachePlan cache, Report& report) {
  const memory::Parallel& parallel = exact.deployment.parallel;
  report.gpu_count =
      std::max({std::int64_t{1}, request.gpu_count, parallel.tensor * parallel.pipeline * parallel.data});
  report.unlike = !request.unlike.empty();
  std::vector<RankReport> stages, ranks;
  const memory::Corrections learnt = corrections(request.calibration, exact.deployment);
  for (std::size_t i = 0; i < exact.stages().size(); ++i) stages.push_back(rank_budget(exact, i, learnt));
  if (report.unlike) {
    auto each = on_each_gpu(exact, request);
    if (!each) return each.error();
    ranks = *std::move(each);
    stages = deciding(ranks, stages.size());
  } else {
    ranks = numbered(stages, parallel.tensor, request.gpu);
  }
  const std::vector<Bytes> middle = available(stages, &memory::Estimate::bytes);
  report.kv = cache(exact, middle);
  report.kv_dtype = exact.deployment.kv.cache_dtype;
  report.verdict = judge_start(exact, ranks, stages, *report.kv);
  add_ranks(std::move(ranks), report);
  if (request.workload) report.workload = judge(*request.workload, exact, middle, report.verdict.fits);
  return stages;
}

/// What vLLM refuses is a report without ranks.
Result<Report> without_ranks(const Request& request, const Error& error) {
  if (error.code == ErrorCode::kRefused || error.code == ErrorCode::kUnsupported) return refused(request, error);
  return error;
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
  const bool loads = report.verdict.reason != Reason::kOutOfMemoryLoading;
  if (loads) report.log.push_back(model_loading_line(first.model_loading.bytes, day));
  if (!loads || report.verdict.reason == Reason::kOutOfMemoryProfiling) {
    report.log.push_back(*report.verdict.message);
    return;
  }
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
  if (report.verdict.fits) return;
  const bool captures = report.verdict.reason == Reason::kOutOfMemoryCapturing;
  report.log.push_back((captures ? "" : "ValueError: ") + *report.verdict.message);
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
    case Reason::kOutOfMemoryCapturing:
      return "out_of_memory_capturing";
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

Result<Exact> Planner::exact(const Request& request, Stated stated) {
  auto deployment = resolve(request, stated);
  if (!deployment) return deployment.error();
  auto exact = deriver_.derive(request.model, *std::move(deployment));
  if (exact) exact->overheads = request.overheads;
  return exact;
}

std::shared_ptr<const std::vector<std::shared_ptr<const ModelSource>>> Planner::variants(
    const std::shared_ptr<const ModelSource>& model) {
  const auto is = [&](const std::shared_ptr<const ModelSource>& known, const auto&) { return known == model; };
  if (auto found = variants_.find(is)) return found;
  std::vector<std::shared_ptr<const ModelSource>> variants;
  for (ModelSource& variant : variants_of(*model))
    variants.push_back(std::make_shared<const ModelSource>(std::move(variant)));
  return variants_.keep(model, std::move(variants));
}

Result<Report> Planner::judged(const Request& request) {
  const auto found = exact(request);
  if (!found) return without_ranks(request, found.error());
  Report report;
  const auto stages = judge(*found, request, numbers, report);
  if (!stages) return stages.error();
  return report;
}

Result<Report> Planner::plan(const Request& request) {
  auto found = exact(request, Stated::kAll);
  if (!found) return without_ranks(request, found.error());
  Exact& exact = *found;
  Report report = blank(request);
  add_model(exact, report);
  const auto stages = judge(exact, request, plan_kv, report);
  if (!stages) return stages.error();
  report.situation = situation_of(exact, 0);
  add_reach(exact, *stages, report);
  add_components(exact, report);
  add_assumptions(exact, report);
  for (const Tenant& tenant : request.tenants)
    report.assumptions.push_back({"free_bytes", with_commas(tenant.held.count()),
                                  "held by " + tenant.name + " before this start-up", "the request"});
  if (!request.calibration.name.empty())
    report.assumptions.push_back({"calibration", request.calibration.name,
                                  "what vLLM measures is moved by " +
                                      std::to_string(request.calibration.observations.size()) +
                                      " start-ups of one machine",
                                  "docs/calibration.md"});
  add_checkpoint(exact, report);
  add_log(exact, *stages, report);
  report.basis = "closed forms fitted to published start-ups of vLLM 0.6 to 0.30, mostly on H100";
  return report;
}

Result<Report> plan(const Request& request) { return Planner().plan(request); }

}  // namespace vram::plan
