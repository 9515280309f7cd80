// A calibration in JSON: a request's "calibration" and the file of a profile.
#pragma once

#include <string>

#include "json/value.h"
#include "plan/calibration.h"

namespace vram::options {

/// errors  kBadInput with `place` and the member; kUnsupported for a file of a later version
Result<plan::Calibration> read_calibration(const json::Value& value, const std::string& place);

json::Value calibration_json(const plan::Calibration& calibration);

}  // namespace vram::options
