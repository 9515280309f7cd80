// The longest context that llama-server starts with.
#pragma once

#include "llamacpp/plan.h"

namespace vram::llamacpp {

struct MaxContext {
  Tokens context;  // of each sequence, or of all where they share one cache; 0 where even the least does not start
  bool limited_by_model = false;
  Report report;  // at that context, or at the least
};

/// With the layers that are given, or all of them, on the GPUs; up to what the model was trained on.
///   errors  as plan
Result<MaxContext> max_context(const Request& request);

}  // namespace vram::llamacpp
