#include "io/calibrations.h"

#include <algorithm>
#include <filesystem>

#include "io/files.h"
#include "io/user_profiles.h"
#include "json/write.h"
#include "options/calibration_form.h"
#include "units/text.h"

namespace vram::io {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kLimit(4 * kMiB);
constexpr std::size_t kLongestName = 64;
constexpr std::string_view kExtension = ".json";

bool is_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !name.empty() && name.size() <= kLongestName && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), allowed);
}

Result<std::string> file_of(std::string_view name) {
  if (!is_name(name))
    return Error{ErrorCode::kBadInput, "calibration \"" + std::string(name.substr(0, kLongestName)) + '"',
                 "a name has up to 64 letters, digits, dots, dashes and underscores", ""};
  const auto file = user_file("calibrations/" + std::string(name) + std::string(kExtension));
  if (!file)
    return Error{ErrorCode::kUnavailable, "calibration", "there is no home to keep it in",
                 "set HOME or XDG_CONFIG_HOME"};
  return *file;
}

Error missing(const std::string& name) {
  const std::vector<std::string> names = calibration_names();
  const std::vector<std::string_view> known(names.begin(), names.end());
  return {ErrorCode::kNotFound, "calibration \"" + name + '"', "there is none of that name",
          known.empty() ? "`calibrate LOG --profile " + name + "` makes one" : "known are " + one_of(known)};
}

}  // namespace

Result<plan::Calibration> load_calibration(const std::string& name) {
  const bool is_file = name.find('/') != std::string::npos || name.ends_with(kExtension);
  const Result<std::string> file = is_file ? Result<std::string>(name) : file_of(name);
  if (!file) return file.error();
  const auto text = read_file(*file, kLimit);
  if (!text) return !is_file && text.error().code == ErrorCode::kNotFound ? missing(name) : text.error();
  const auto value = json::parse(*text, *file);
  if (!value) return value.error();
  return options::read_calibration(*value, *file);
}

std::vector<std::string> calibration_names() {
  std::vector<std::string> names;
  const auto folder = user_file("calibrations");
  std::error_code none;
  if (!folder) return names;
  for (fs::directory_iterator entry(*folder, none), end; !none && entry != end; entry.increment(none))
    if (entry->path().extension() == kExtension && is_name(entry->path().stem().string()))
      names.push_back(entry->path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<Error> save_calibration(const plan::Calibration& calibration) {
  const auto file = file_of(calibration.name);
  if (!file) return file.error();
  std::error_code failed;
  fs::create_directories(fs::path(*file).parent_path(), failed);
  if (failed) return Error{ErrorCode::kUnavailable, fs::path(*file).parent_path().string(), failed.message(), ""};
  return write_file(*file, json::write_pretty(options::calibration_json(calibration)) + '\n');
}

std::optional<Error> remove_calibration(const std::string& name) {
  const auto file = file_of(name);
  if (!file) return file.error();
  std::error_code failed;
  if (fs::remove(*file, failed)) return std::nullopt;
  if (failed) return Error{ErrorCode::kUnavailable, *file, failed.message(), ""};
  return missing(name);
}

}  // namespace vram::io
