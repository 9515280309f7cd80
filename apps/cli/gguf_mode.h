// Commands asked about a GGUF file: what llama.cpp makes of it, not vLLM.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "arguments.h"
#include "session.h"

namespace vram::cli {

/// The word among `words` that names a GGUF file.
std::optional<std::string> named_gguf(std::span<const std::string> words);

/// `inspect` of such a file.
Result<int> inspect_gguf(const std::string& model, const Arguments& arguments, const Session& session);

}  // namespace vram::cli
