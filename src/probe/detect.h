// Which GPUs are in this machine.
#pragma once

#include <string>
#include <vector>

#include "hardware/gpu.h"
#include "probe/system.h"
#include "units/result.h"

namespace vram::probe {

struct Detection {
  std::vector<hardware::Gpu> gpus;
  std::vector<std::string> warnings;  // what was left out and why, a sentence each
};

/// The GPUs of every vendor that has a driver here; none without a driver.
///
///   errors  kUnavailable when no GPU was found and a driver that is here failed or did not answer in time; where
///           another vendor's answered, the failure is a warning
Result<Detection> detect(const System& system);

}  // namespace vram::probe
