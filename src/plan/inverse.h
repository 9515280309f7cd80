// Where a launch stops starting: the boundary itself, found by asking the forward plan on both sides of it.
//
// Fitting is true up to a point and false after it, but where a rule changes: V0 cuts prompts from a certain length on,
// GPUs are classed by their memory. Between such places a search halves; each is looked at by itself.
#pragma once

#include "plan/variations.h"

namespace vram::plan {

/// What keeps a boundary from lying further out.
enum class Limit {
  kMemory,
  kModel,      // the length that the model takes
  kAsked,      // the length that the launch asks for
  kSequences,  // max_num_seqs
  kNothing,    // no value is too large, or none too small
};
/// "memory", "model", "max_model_len", "max_num_seqs", "nothing"
std::string_view name(Limit limit);

/// The last value that starts: the one after it does not.
struct Boundary {
  std::int64_t value = 0;
  Limit limit = Limit::kMemory;
};

// Each answers nothing where no value starts. The other arguments stay as they are in `variations`.

/// Longest max_model_len that starts, with `requests` of that length at once; at most what the launch asks for or,
/// where it asks for nothing, what the model takes.
std::optional<Boundary> longest_length(Variations& variations, std::int64_t requests = 1);

/// Most requests of `context` tokens at once in a launch with that max_model_len.
std::optional<Boundary> most_requests(Variations& variations, Tokens context);

/// Least GPU memory in bytes, as CUDA reports it, of a card otherwise the same with nothing else on it.
std::optional<Bytes> least_gpu_memory(Variations& variations);

/// Lowest gpu_memory_utilization in steps of 1 / kUtilizationSteps.
inline constexpr std::int64_t kUtilizationSteps = 10'000;
std::optional<std::int64_t> lowest_utilization(Variations& variations);

/// All of them for one launch.
struct Limits {
  std::optional<Boundary> max_model_len;    // for one request
  std::optional<Boundary> context;          // for `requests` at once
  std::optional<Boundary> requests;         // of `length` tokens
  std::optional<Bytes> gpu_memory;          // for the launch as it is
  std::optional<std::int64_t> utilization;  // likewise; in steps
};
Limits limits_of(Variations& variations, std::int64_t requests, Tokens length);

}  // namespace vram::plan
