// One file per vendor whose GPUs can be found. The table of them is generated from the folder.
#pragma once

#include <span>

#include "probe/detect.h"

namespace vram::probe::vendors {

struct Entry {
  /// None without a driver; kUnavailable when there is one and it fails.
  Result<Detection> (*detect)(const System& system);
};

std::span<const Entry* const> all();

}  // namespace vram::probe::vendors
