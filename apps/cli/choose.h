// Which command a line is for.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "command.h"
#include "units/result.h"

namespace vram::cli {

struct Chosen {
  const Command* command;
  std::vector<std::string> words;  // what follows its name
};

/// The command whose name, of one word or two, begins the line. A line that begins with an option or a model is for
/// `otherwise`.
///   words   not empty
///   errors  kNotFound for a first word that is nearly a command's name and does not look like a model
Result<Chosen> choose(std::span<const std::string> words, std::span<const Command* const> commands,
                      std::string_view otherwise);

}  // namespace vram::cli
