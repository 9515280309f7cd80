// The report for a terminal: the verdict as a sentence, the memory of each rank, vLLM's own lines.
#pragma once

#include <string>

#include "plan/report.h"
#include "report/text_style.h"

namespace vram::report {

/// Ends in a newline. Pure: no terminal, no locale.
std::string report_text(const plan::Report& report, const TextStyle& style);

/// vLLM's lines only.
std::string log_text(const plan::Report& report);

}  // namespace vram::report
