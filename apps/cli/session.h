// What a command may touch besides its arguments.
#pragma once

#include <functional>
#include <vector>

#include "hardware/gpu.h"
#include "terminal.h"

namespace vram::cli {

struct Session {
  Terminal terminal;
  /// The GPUs of this machine; empty where there is no driver. Asks it, so only where the answer matters.
  std::function<Result<std::vector<hardware::Gpu>>()> detect;
};

}  // namespace vram::cli
