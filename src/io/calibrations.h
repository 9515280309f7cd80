// The calibrations of this user: a file each in ~/.config/vram-estimator/calibrations.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/calibration.h"

namespace vram::io {

/// A profile's name, or a file that --export wrote (a name with a / or .json in it).
///
///   errors  kNotFound with the names there are; kBadInput for a name that is none, and with the place in the file
Result<plan::Calibration> load_calibration(const std::string& name);

/// Sorted; empty where the folder is not there.
std::vector<std::string> calibration_names();

/// Written beside its place and then moved there, so that a reader finds the old one or the new one.
///
///   errors  kBadInput for a name that cannot be a file's, kUnavailable without a home or where it cannot be written
std::optional<Error> save_calibration(const plan::Calibration& calibration);

/// errors  as load_calibration; kUnavailable where it cannot be removed
std::optional<Error> remove_calibration(const std::string& name);

}  // namespace vram::io
