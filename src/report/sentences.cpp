#include "report/sentences.h"

#include <algorithm>
#include <cmath>

#include "units/text.h"

namespace vram::report {
namespace {

std::string gib2(Bytes bytes) { return fixed(gib(bytes), 2); }

/// By how much the deciding stage falls short of one full-length request.
Bytes shortfall(const plan::Report& report) {
  Bytes most;
  for (const plan::RankReport& rank : report.ranks) {
    const std::size_t stage = std::size_t(rank.pp_rank);
    if (report.kv && stage < report.kv->needed.size())
      most = std::max(most, report.kv->needed[stage] - rank.available_kv.bytes);
  }
  return most;
}

}  // namespace

bool is_unsure(const plan::Verdict& verdict) {
  const bool decided_by_cache = verdict.reason == plan::Reason::kOk ||
                                verdict.reason == plan::Reason::kMaxModelLenTooLong ||
                                verdict.reason == plan::Reason::kNoKvMemory;
  return decided_by_cache && verdict.probability_fits > 0.05 && verdict.probability_fits < 0.95;
}

bool reaches_cache(const plan::Verdict& verdict) {
  return verdict.reason != plan::Reason::kFreeMemoryBelowRequest &&
         verdict.reason != plan::Reason::kOutOfMemoryLoading && verdict.reason != plan::Reason::kOutOfMemoryProfiling;
}

std::string verdict_sentence(const plan::Report& report) {
  const plan::Verdict& verdict = report.verdict;
  if (is_unsure(verdict))
    return "Unsure: starts in " + std::to_string(std::clamp(int(std::lround(verdict.probability_fits * 10)), 1, 9)) +
           " of 10.";
  switch (verdict.reason) {
    case plan::Reason::kOk: {
      if (!report.kv || report.kv->groups.empty()) return "Starts; it keeps no KV cache.";
      const std::int64_t requests = std::int64_t(report.kv->max_concurrency);
      return "Starts, with room for " +
             (requests < 2 ? "one full-length request." : with_commas(requests) + " full-length requests.");
    }
    case plan::Reason::kMaxModelLenTooLong:
      return "Refused: " + gib2(shortfall(report)) + " GiB short of one request of " +
             with_commas(report.kv->max_model_len.count()) + " tokens.";
    case plan::Reason::kNoKvMemory:
      if (report.kv && !report.kv->refusal)
        return "Refused: fewer cache blocks, " + with_commas(report.kv->num_blocks) +
               ", than requests that may run at once.";
      return "Refused: nothing is left for KV cache.";
    case plan::Reason::kFreeMemoryBelowRequest: {
      const plan::RankReport& rank = report.fullest();
      return "Refused: " + gib2(rank.free.value_or(rank.total - rank.context.bytes)) + " GiB are free, " +
             gib2(rank.requested) + " are asked for.";
    }
    case plan::Reason::kOutOfMemoryLoading:
      return "Runs out of memory while loading, " +
             gib2(report.fullest().model_loading.bytes - report.fullest().total + report.fullest().context.bytes) +
             " GiB short.";
    case plan::Reason::kOutOfMemoryProfiling: {
      const plan::RankReport& rank = report.fullest();
      return "Runs out of memory in the profiling run, " + gib2(rank.peak - rank.total) + " GiB short.";
    }
    case plan::Reason::kOutOfMemoryCapturing: {
      const plan::RankReport& rank = report.fullest();
      const Bytes free = rank.free.value_or(rank.total - rank.context.bytes);
      const Bytes held = rank.peak - rank.activation_peak.bytes - rank.context.bytes;
      return "Runs out of memory while capturing graphs, " + gib2(held - free) + " GiB short.";
    }
    case plan::Reason::kUnsupportedModel:
      return "Not modelled: " + verdict.message.value_or(report.architecture);
    case plan::Reason::kInvalidArguments:
      return "Not a valid command: " + verdict.message.value_or("vLLM refuses its arguments.");
  }
  return {};
}

std::string workload_sentence(const plan::Report& report) {
  if (!report.workload) return {};
  const plan::WorkloadReport& workload = *report.workload;
  return std::string("Workload: ") + (workload.fits ? "yes, " : "no, ") +
         with_commas(workload.concurrent_requests_possible) + " requests of that length fit, or " +
         with_commas(workload.context_possible) + " tokens for that many.";
}

}  // namespace vram::report
