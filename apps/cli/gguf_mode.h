// Commands asked about a GGUF file: what llama.cpp makes of it, not vLLM.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "arguments.h"
#include "session.h"

namespace vram::cli {

/// The first of `words` that names a GGUF file or, as "ollama:NAME", a model of Ollama.
std::optional<std::string> named_gguf(std::span<const std::string> words);

/// `estimate` of such a file, with llama-server's flags among the words.
///   words  the model and the flags; those of the command itself are in `arguments`
Result<int> estimate_gguf(std::span<const std::string> words, const Arguments& arguments, const Session& session);

/// `inspect` of such a file.
Result<int> inspect_gguf(const std::string& model, const Arguments& arguments, const Session& session);

}  // namespace vram::cli
