// What a command may touch besides its arguments.
#pragma once

#include <functional>
#include <optional>

#include "hardware/gpu.h"
#include "terminal.h"

namespace vram::cli {

struct Session {
  Terminal terminal;
  /// The first GPU of this machine; nothing when there is none. Asks the driver, so only where the answer matters.
  std::function<std::optional<hardware::Gpu>()> first_gpu;
};

}  // namespace vram::cli
