// Where a launch stops starting, for people and for programs.
#pragma once

#include <string>

#include "json/value.h"
#include "plan/inverse.h"
#include "plan/matrix.h"
#include "report/text_style.h"

namespace vram::report {

/// What the inverse was asked about.
struct LimitsQuestion {
  const plan::Request& request;
  std::int64_t requests = 1;  // of the longest context
  Tokens context;             // of the most requests
};

/// A line a limit. Ends in a newline.
std::string limits_text(const plan::Limits& limits, const LimitsQuestion& question, const TextStyle& style);

/// max_model_len, context_tokens, concurrent_requests, gpu_memory_bytes, gpu_memory_utilization; null where nothing
/// starts.
json::Value limits_json(const plan::Limits& limits, const LimitsQuestion& question);

/// A line a context, a column a number of requests, GiB in each cell; those that do not fit are in brackets.
std::string matrix_text(const plan::Matrix& matrix, const plan::Request& request, const TextStyle& style);

/// context_tokens,concurrent_requests,fits,needed_bytes
std::string matrix_csv(const plan::Matrix& matrix);
/// {"cells": [{the same}], "max_num_seqs"}
json::Value matrix_json(const plan::Matrix& matrix);

}  // namespace vram::report
