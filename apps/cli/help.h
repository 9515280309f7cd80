// Help, written from the tables of options. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "command.h"

namespace vram::cli {

/// What the program does and its commands, most used first.
std::string overview(std::string_view program, std::span<const Command* const> commands, int width);

/// One command: usage, purpose, options, exit status, an example.
std::string help(std::string_view program, const Command& command, int width);

}  // namespace vram::cli
