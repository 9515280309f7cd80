// What could be changed about a launch that does not start, or that wastes memory: candidates only, not yet tried.
#pragma once

#include <string>
#include <vector>

#include "plan/change.h"
#include "plan/planner.h"

namespace vram::plan {

struct Candidate {
  Change change;
  std::string costs;  // what the user gives up, in words
};

/// One thing to change, by more and more: the first step that helps is the smallest.
using Remedy = std::vector<Candidate>;

/// Smallest change first: length, utilisation, KV dtype, sequences, batched tokens, eager, graph sizes, inputs,
/// parallel sizes, weights in another format, offload, another GPU, the longest length of all.
///
///   planner  whatever it derived already is shared
std::vector<Remedy> remedies(const Request& request, const Report& before, Planner& planner);

/// Whether the weights do not fit even with everything else at its least: then only what is lighter() can help.
bool too_heavy(const Request& request, const Report& before, Planner& planner);

/// Those of remedies() that change what weights a GPU holds, or the GPU.
std::vector<Remedy> lighter(const Request& request, const Report& before, Planner& planner);

/// For a launch that vLLM refuses before it looks at memory: its arguments one by one, and parallel sizes that divide.
std::vector<Remedy> corrections(const Request& request);

/// For a launch that starts: what holds memory that could be KV cache.
std::vector<Remedy> improvements(const Request& request, const Report& before);

/// For a model that is too large for any one of them: another checkpoint on more GPUs.
Remedy other_weights_on_more_gpus(const Request& request, const Report& before, Planner& planner);

/// `second` on top of `first`.
Candidate both(const Candidate& first, Candidate second);

/// Several small changes together, each candidate one more than the one before.
Remedy together(const Request& request, const Report& before, Planner& planner);

}  // namespace vram::plan
