// Why a part of the memory is as large as it is.
#pragma once

#include <string>
#include <string_view>

#include "json/value.h"
#include "plan/report.h"
#include "report/text_style.h"
#include "units/result.h"

namespace vram::report {

/// The derivation of one part on the fullest rank: a question with the number in it, what it is, lines that add up to
/// it, where it comes from.
///
///   part    weights, activation_peak, non_torch, kv_cache, cuda_graphs, context or free
///   errors  kBadInput names the parts; kRefused where the report has no memory to explain
Result<std::string> explanation(const plan::Report& report, std::string_view part, const TextStyle& style);

/// The same of every part, for the page: {"weights": {"question", "sentence", "lines": [[what, number]], "source",
/// "link"}, …}; at most six lines each, empty where the report has no memory.
json::Value explanations_json(const plan::Report& report);

}  // namespace vram::report
