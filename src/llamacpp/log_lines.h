// What llama.cpp prints about memory.
#pragma once

#include <string>
#include <vector>

#include "llamacpp/plan.h"

namespace vram::llamacpp {

/// The lines that name layers and buffers, in order; figures in MiB as llama.cpp rounds them.
///   source  llama.cpp 0c1e57098b (2026-10-01): src/llama-model.cpp, src/llama-kv-cache.cpp,
///           src/llama-memory-recurrent.cpp, src/llama-context.cpp
std::vector<std::string> log_lines(const Report& report);

/// The allocation that fails first on a GPU that holds too much.
std::string refusal(const Device& device, std::int64_t number, Bytes available);

}  // namespace vram::llamacpp
