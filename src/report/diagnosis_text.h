// A diagnosis for a terminal.
#pragma once

#include <string>

#include "diagnosis/diagnose.h"
#include "report/text_style.h"

namespace vram::report {

/// Ends in a newline.
std::string diagnosis_text(const diagnosis::Diagnosis& diagnosis, const TextStyle& style);

/// "Refused: free memory is below the request (line 47)."
std::string outcome_sentence(const logs::StartUp& start);

/// "ok", the report's words for a refusal or for running out of memory, "another_reason" or "unknown".
std::string_view reason_of(const logs::StartUp& start);

}  // namespace vram::report
