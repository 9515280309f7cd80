// What start-ups and running servers say about their machine, file by file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/diagnose.h"
#include "plan/calibration.h"

namespace vram::diagnosis {

struct Learnt {
  std::vector<plan::Observation> observations;
  std::vector<Error> left_out;  // starts that teach nothing, and why
};

/// All starts of a log, or all models of the existing tool's runtime snapshots.
///
///   place   of the errors: the file's name
///   errors  as read_snapshots
Result<Learnt> learn(std::string_view text, const std::string& place, const Told& told, const Complete& complete);

}  // namespace vram::diagnosis
