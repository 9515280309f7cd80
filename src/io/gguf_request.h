// A question about a GGUF file: which file a name stands for, and everything around it.
#pragma once

#include <string>

#include "io/answer.h"
#include "llamacpp/plan.h"
#include "options/request_form.h"

namespace vram::io {

/// Whether the name is "ollama:NAME" or that of a GGUF file here.
bool names_gguf(const std::string& source);

/// errors  as find_ollama, load_gguf, llamacpp::describe and llamacpp::read_settings; as io::complete for the GPU
Result<llamacpp::Request> complete_gguf(const options::RequestForm& form, const Machine& machine);

}  // namespace vram::io
