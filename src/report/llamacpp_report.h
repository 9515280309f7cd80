// A report of mode "llama.cpp" as text and as JSON.
#pragma once

#include <string>

#include "json/value.h"
#include "llamacpp/max_context.h"
#include "report/text_style.h"

namespace vram::report {

/// "Starts, with all 37 layers on the GPU." Its first word is Starts, Refused or Unsure.
std::string llamacpp_sentence(const llamacpp::Report& report);

std::string llamacpp_text(const llamacpp::Report& report, const TextStyle& style);

/// "Longest context: …", and the memory at it.
std::string llamacpp_context_text(const llamacpp::MaxContext& found, const TextStyle& style);

/// The contract's report: a rank is a GPU, its activations are the compute buffer.
json::Value llamacpp_json(const llamacpp::Report& report);

}  // namespace vram::report
