// Context length against requests at once: what fits, and what it needs.
#pragma once

#include <span>

#include "plan/variations.h"

namespace vram::plan {

struct MatrixCell {
  bool fits = false;
  Bytes needed;  // of the rank that needs most: the model, what profiling finds, and the cache of those requests
};

struct MatrixRow {
  Tokens context;
  Reason reason = Reason::kOk;    // of a launch with this max_model_len
  std::vector<MatrixCell> cells;  // a number of requests; empty where vLLM takes no such launch at all
};

struct Matrix {
  std::vector<std::int64_t> requests;
  std::vector<MatrixRow> rows;
  std::int64_t max_num_seqs = 0;  // requests beyond it wait, however much memory there is
};

/// Each row is a launch with max_model_len as long as the context; each cell holds so many requests to what that launch
/// leaves for the cache.
Matrix matrix_of(Variations& variations, std::span<const Tokens> contexts, std::span<const std::int64_t> requests);

/// 1,024 tokens and its doubles up to the longest that the launch or its model takes, and that one.
std::vector<Tokens> usual_contexts(const Variations& variations);

}  // namespace vram::plan
