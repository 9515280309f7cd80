#pragma once

#include <string>

#include "plan/max_context.h"
#include "report/text_style.h"

namespace vram::report {

/// The longest context in a sentence, and how it shrinks with requests at once. Ends in a newline.
std::string max_context_text(const plan::MaxContext& found, const TextStyle& style);

}  // namespace vram::report
