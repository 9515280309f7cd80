#pragma once

#include <optional>
#include <string>

#include "units/quantity.h"

namespace vram::hardware {

struct Gpu {
  std::string name;         // of the catalogue
  std::string driver_name;  // as the driver calls it: vLLM's defaults read it
  Bytes total;
  std::optional<Bytes> free;
  int capability = 90;  // 90 for 9.0
};

}  // namespace vram::hardware
