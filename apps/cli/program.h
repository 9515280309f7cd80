// One call of the program: choose a command, read its options, run it, say what went wrong.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "hardware/gpu.h"
#include "units/result.h"

namespace vram::cli {

struct Call {
  std::string program;             // how it was called, without the folder
  std::vector<std::string> words;  // what follows
  std::function<Result<std::vector<hardware::Gpu>>()> detect;
};

/// The exit status.
int run(const Call& call);

}  // namespace vram::cli
