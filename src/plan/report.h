// One answer: does it start, what is each byte for, what will vLLM print. Sizes are bytes; renderers make text of them.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "memory/overheads.h"
#include "plan/exact.h"
#include "plan/request.h"

namespace vram::plan {

enum class Reason {
  kOk,
  kInvalidArguments,
  kFreeMemoryBelowRequest,
  kOutOfMemoryLoading,
  kOutOfMemoryProfiling,
  kOutOfMemoryCapturing,
  kNoKvMemory,
  kMaxModelLenTooLong,
  kUnsupportedModel,
};
/// "ok", "invalid_arguments", …: the contract's words.
std::string_view name(Reason reason);

/// Whether the start gets as far as to allocate its KV cache.
constexpr bool allocates_cache(Reason reason) {
  return reason == Reason::kOk || reason == Reason::kOutOfMemoryCapturing;
}

struct Verdict {
  bool fits = false;
  Reason reason = Reason::kOk;
  std::optional<std::string> message;  // what vLLM prints when it refuses, word for word
  double probability_fits = 0;
};

struct RankReport {
  std::int64_t rank = 0, tp_rank = 0, pp_rank = 0;
  std::string gpu;            // the catalogue's name, or the driver's
  Bytes total;                // of its GPU
  std::optional<Bytes> free;  // before the start, where it is known
  Bytes weights;              // parameters and buffers as created
  Bytes offloaded;            // of them in the host's memory: not in model_loading
  memory::Estimate model_loading;
  memory::Estimate activation_peak;
  memory::Estimate non_torch;
  memory::Estimate cuda_graphs;     // as vLLM prints it; negative where capturing freed what torch had cached
  memory::Estimate graph_estimate;  // as vLLM prints it beforehand, subtracted or not
  memory::Estimate cuda_graphs_reserved;
  memory::Estimate context;  // used before vLLM's first snapshot
  Bytes requested;
  memory::Estimate available_kv;
  Bytes kv_cache;
  Bytes peak;
  Bytes free_after;

  [[nodiscard]] Bytes graphs_held() const { return std::max(cuda_graphs.bytes, Bytes(0)); }
};

struct WorkloadReport {
  bool fits = false;
  std::int64_t concurrent_requests_possible = 0;
  std::int64_t context_possible = 0;
};

/// What the model's checkpoint stores.
struct CheckpointReport {
  std::string origin;        // "the headers of 4 files"
  std::int64_t tensors = 0;  // 0: an index told the total alone
  Bytes stored;
  std::optional<Bytes> derived;  // what the config leads to expect; nothing where the weights come from the headers
};

struct Component {
  std::string name;  // "weights.experts"
  Bytes bytes;
  std::string explains;
};

struct Assumption {
  std::string about, value, why, source;
};

/// A change of the request, planned again.
struct Suggestion {
  json::Object change;        // JSON merge patch on the request
  std::string words;          // the same as typed: "--max-model-len 28672"
  std::string effect, costs;  // what it does, what the user gives up
  double probability_fits = 0;
  double max_concurrency = 0;  // of full-length requests; 0 without a KV cache
  Tokens max_model_len;
  std::int64_t gpu_count = 1;
};

struct Report {
  vllm::Engine engine;
  std::string model_name, architecture, quantization, source;
  std::int64_t parameters = 0, layers = 0;
  Dtype dtype = Dtype::kBfloat16;
  std::string fingerprint;
  hardware::Gpu gpu;
  std::int64_t gpu_count = 1;
  bool unlike = false;  // GPUs differ: `gpu` is the smallest, each rank names its own
  json::Object args;
  double gpu_memory_utilization = 0;

  Verdict verdict;
  std::vector<RankReport> ranks;
  std::optional<memory::KvPlan> kv;
  std::string kv_dtype;
  Bytes bytes_per_token_marginal;
  std::optional<Tokens> max_context;  // the longest request that fits
  std::optional<WorkloadReport> workload;
  Tokens tokens_low, tokens_high;  // with the available memory at its 5th and 95th percentile
  std::string basis;
  std::optional<CheckpointReport> checkpoint;
  memory::Situation situation;        // of the first stage: what the measured constants hang on
  std::vector<Component> components;  // of the fullest rank; they add up to its peak
  std::vector<Assumption> assumptions;
  std::vector<Suggestion> suggestions;  // plan() leaves them out: see plan/suggestions.h
  std::vector<std::string> log;

  /// The rank that decides: the one with the highest peak.
  [[nodiscard]] const RankReport& fullest() const;
};

/// Same request, same report: on any machine, from any thread.
///
///   errors  kUnsupported for a model that is not modelled, kBadInput for a request that makes no sense. What vLLM
///   itself would refuse is a report.
Result<Report> plan(const Request& request);

}  // namespace vram::plan
