// One launch under many lengths, batches and amounts of memory: what a search or a sweep asks a million times a second.
//
// What an argument undoes, from the cheapest on:
//   gpu_memory_utilization, kv_cache_memory_bytes, num_gpu_blocks_override, the GPU's memory   the budget, the KV plan
//   max_model_len, max_num_batched_tokens, max_num_seqs   also the batches that follow from them; graph sizes and what
//                                                         starting takes where no variation had those batches before
//   everything else                                       all of it: make another Variations, from the same Deriver
// Each part is redone by the function that plan() calls; there is no second copy of a formula.
#pragma once

#include <unordered_map>

#include "plan/planner.h"

namespace vram::plan {

/// What differs from the launch; absent: as there.
struct Variation {
  AskedSizes sizes;
  std::optional<double> gpu_memory_utilization;
  std::optional<Bytes> kv_cache_memory_bytes;
  std::optional<std::int64_t> num_gpu_blocks_override;
  std::optional<Bytes> gpu_total;  // of a card with nothing else on it
};

/// The figures of a report that a table of many has room for; those after the verdict are 0 where it is never reached.
struct Outcome {
  Reason reason = Reason::kOk;
  Bytes available;  // for the KV cache, on the rank that has least
  Tokens tokens;    // "GPU KV cache size"
  double max_concurrency = 0;
  Tokens max_model_len;
  std::int64_t max_num_seqs = 0;
  bool too_short = false;  // refused for batches that no longer length would make worse
  bool cached = true;      // false: no layer keeps anything, so memory holds any number of requests
  [[nodiscard]] bool fits() const { return reason == Reason::kOk; }
  /// Whether so many full-length requests have room at once, where it starts.
  [[nodiscard]] bool has_room(std::int64_t requests) const {
    return requests <= 1 || (requests <= max_num_seqs && (!cached || max_concurrency >= double(requests)));
  }
  /// Whether so many full-length requests run at once.
  [[nodiscard]] bool holds(std::int64_t requests) const { return fits() && has_room(requests); }
};

/// Owned by one thread; the model behind it is shared.
class Variations {
 public:
  /// The launch that `request` describes.
  ///
  ///   errors  kRefused with vLLM's words and kUnsupported where all its variations are refused; kBadInput
  static Result<Variations> of(const Request& request, Deriver& deriver);

  /// What plan() answers for the launch so varied.
  const Outcome& at(const Variation& variation);

  /// Requests of `length` tokens that fit at once in what the last outcome left for the cache, at most max_num_seqs;
  /// fractions count nothing. 0 where it did not start.
  [[nodiscard]] std::int64_t requests_at(Tokens length) const;

  /// The longest that the model takes without VLLM_ALLOW_LONG_MAX_MODEL_LEN; nothing where it takes any.
  [[nodiscard]] std::optional<std::int64_t> longest() const;
  [[nodiscard]] const Exact& exact() const { return exact_; }
  /// A rank of the last outcome's launch.
  [[nodiscard]] RankReport rank(std::size_t stage) const;
  [[nodiscard]] const OpenDeployment& open() const { return open_; }

 private:
  Variations(OpenDeployment open, Exact exact, const Request& request, const Deriver& deriver);

  /// What decides what starting takes.
  struct CostsKey {
    std::int64_t tokens = 0, sequences = 0;
    Tokens length;    // where it matters
    Bytes gpu_total;  // of another card; 0: as asked
    friend bool operator==(const CostsKey&, const CostsKey&) = default;
  };
  struct Hash {
    std::size_t operator()(const CostsKey& key) const;
  };
  struct Costs {
    std::vector<std::int64_t> capture_sizes;
    std::vector<RankReport> ranks;  // a stage, or each where GPUs are unlike; their budgets are the last variation's
  };
  static constexpr std::size_t kMostCosts = 1024;

  Stop choose_sizes(const AskedSizes& asked);
  void choose_memory(const Variation& variation);
  Stop derive_parts();
  Stop choose_costs();
  [[nodiscard]] std::vector<RankReport> costs() const;
  void judge();

  OpenDeployment open_;  // as asked for; what varies is in exact_
  Exact exact_;
  std::shared_ptr<const ModelSource> source_;
  std::vector<hardware::Gpu> unlike_;  // a rank, where they are
  Bytes gpu_total_;                    // of another card in place of any; 0: as asked
  memory::Corrections learnt_;
  std::optional<Deriver> deriver_;  // where a part follows what varies
  Tokens parts_length_;             // that the parts are of, there
  std::int64_t parts_batch_ = 0;    // likewise, where they follow max_num_batched_tokens
  std::unordered_map<CostsKey, Costs, Hash> costs_;
  Costs* chosen_ = nullptr;       // of them
  std::vector<Bytes> available_;  // a stage
  Outcome outcome_;
};

}  // namespace vram::plan
