// What to change, in the terminal's report.
#pragma once

#include <string>

#include "plan/report.h"
#include "report/text_style.h"

namespace vram::report {

/// "Start it with --max-model-len 28672, or --kv-cache-dtype fp8." Empty without suggestions and for a launch that
/// starts.
std::string start_it_with(const plan::Report& report);

/// "Starts with" or "Buys more", a line a suggestion. Empty without any.
std::string suggestions_text(const plan::Report& report, const TextStyle& style);

}  // namespace vram::report
