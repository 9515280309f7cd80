// `estimate` and `max-context` of a MODEL: what vLLM itself would do, rather than the formula.
#pragma once

#include "arguments.h"
#include "session.h"
#include "units/result.h"

namespace vram::cli {

/// Both are called with a word in `arguments`, the model.
Result<int> estimate_model(const Arguments& arguments, const Session& session);
Result<int> max_context_model(const Arguments& arguments, const Session& session);

}  // namespace vram::cli
