// A calibration for a terminal: each start-up it knows and by how much it differed.
#pragma once

#include <string>

#include "plan/calibration.h"
#include "report/text_style.h"

namespace vram::report {

/// Ends in a newline.
std::string calibration_text(const plan::Calibration& calibration, const TextStyle& style);

}  // namespace vram::report
