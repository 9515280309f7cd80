#pragma once

#include <string>

#include "json/value.h"
#include "plan/max_context.h"
#include "report/text_style.h"

namespace vram::report {

/// The longest context in a sentence, and how it shrinks with requests at once. Ends in a newline.
std::string max_context_text(const plan::MaxContext& found, const TextStyle& style);

/// {"context_tokens", "limited_by": "model" or "memory", "report": the report at that length}
json::Value max_context_json(const plan::MaxContext& found);

}  // namespace vram::report
