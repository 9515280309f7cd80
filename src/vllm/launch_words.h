// Arguments by name, as a launch line spells them: the way back from read_launch_line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace vram::vllm {

/// {"tensor_parallel_size": 2, "enforce_eager": true} -> --tensor-parallel-size, 2, --enforce-eager. Names that no
/// release has and nulls are left out. Reading the words again gives the same arguments.
std::vector<std::string> launch_words(const json::Object& arguments);

/// A word as a POSIX shell reads it back: in quotes only where it needs them.
std::string shell_word(std::string_view word);

/// Words of a command in one line, for a shell.
std::string shell_line(const std::vector<std::string>& words);

}  // namespace vram::vllm
