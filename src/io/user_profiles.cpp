#include "io/user_profiles.h"

#include <cstdlib>

#include "io/files.h"

namespace vram::io {
namespace {

constexpr Bytes kLimit(1 * kMiB);

/// A variable that holds an absolute path; the XDG specification has relative ones ignored.
std::optional<std::string> folder_in(const char* variable) {
  const char* folder = std::getenv(variable);
  if (!folder || folder[0] != '/') return std::nullopt;
  return folder;
}

}  // namespace

std::optional<std::string> user_file(std::string_view name) {
  std::optional<std::string> folder = folder_in("XDG_CONFIG_HOME");
  if (!folder) {
    folder = folder_in("HOME");
    if (!folder) return std::nullopt;
    *folder += "/.config";
  }
  return *folder + "/vram-estimator/" + std::string(name);
}

LoadedProfiles load_profiles(const std::optional<std::string>& file) {
  LoadedProfiles loaded{formula::built_in_profiles(), {}};
  const std::optional<std::string> path = file ? file : user_file("profiles.json");
  if (!path) return loaded;
  const auto text = read_file(*path, kLimit);
  if (text) {
    loaded.profiles = formula::merged(std::move(loaded.profiles), *text, *path, loaded.warnings);
  } else if (file || text.error().code != ErrorCode::kNotFound) {
    Error warning = text.error();
    warning.hint = "only the built-in profiles are used";
    loaded.warnings.push_back(std::move(warning));
  }
  return loaded;
}

}  // namespace vram::io
