// One call of the program: choose a command, read its options, run it, say what went wrong.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "hardware/gpu.h"

namespace vram::cli {

struct Call {
  std::string program;             // how it was called, without the folder
  std::vector<std::string> words;  // what follows
  std::function<std::optional<hardware::Gpu>()> first_gpu;
};

/// The exit status.
int run(const Call& call);

}  // namespace vram::cli
