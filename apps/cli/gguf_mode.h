// Commands asked about a GGUF file: what llama.cpp makes of it, not vLLM.
#pragma once

#include <span>
#include <string>

#include "arguments.h"
#include "session.h"

namespace vram::cli {

/// Whether `words` name a GGUF file, "ollama:NAME", or an entry of the registry that Ollama serves from here.
bool names_gguf(std::span<const std::string> words, const Arguments& arguments);

/// `estimate` of such a file, with llama-server's flags among the words.
///   words  the model and the flags; those of the command itself are in `arguments`
Result<int> estimate_gguf(std::span<const std::string> words, const Arguments& arguments, const Session& session);

/// `max-context` of it.
Result<int> max_context_gguf(const Arguments& arguments, const Session& session);

/// `inspect` of such a file.
Result<int> inspect_gguf(const Arguments& arguments, const Session& session);

}  // namespace vram::cli
