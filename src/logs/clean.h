// A line without what terminals, containers and process managers put around it.
#pragma once

#include <string>
#include <string_view>

namespace vram::logs {

/// Without colours, other control characters and a carriage return; a tab is a blank.
std::string plain(std::string_view line);

/// What vLLM itself says in a plain line: behind quotation marks, frames, time stamps, process names, the level and
/// "[file.py:12]". The indentation of a traceback stays.
std::string_view message(std::string_view plain_line);

/// "Worker_TP0 pid=812" of the last such bracket before `at`; empty without one.
std::string_view process(std::string_view plain_line, std::size_t at);

}  // namespace vram::logs
