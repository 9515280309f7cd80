// What people get wrong about these figures, said where it applies.
#pragma once

#include <string>
#include <vector>

#include "plan/report.h"

namespace vram::report {

/// Sentences on what utilisation means, why printed tokens are not concurrency x length, what other processes on the
/// GPU do; empty where none applies.
std::vector<std::string> notes(const plan::Report& report);

}  // namespace vram::report
