// The profiles that a command or the server works with: built in, with the user's own over them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formula/profiles.h"

namespace vram::io {

/// Where the user's file `name` lies: $XDG_CONFIG_HOME/vram-estimator or ~/.config/vram-estimator. Nothing without a
/// home.
std::optional<std::string> user_file(std::string_view name);

struct LoadedProfiles {
  formula::Profiles profiles;
  std::vector<Error> warnings;
};

/// The built-in profiles with those of `file` over them, or those of the user's profiles.json, which need not exist.
/// A file that cannot be read is a warning.
LoadedProfiles load_profiles(const std::optional<std::string>& file);

}  // namespace vram::io
