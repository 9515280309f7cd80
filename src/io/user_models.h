// The user's own catalogue: models read once, from a hub or a folder, and from then on known by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/hub_settings.h"
#include "readers/config_json.h"

namespace vram::io {

struct UserModel {
  std::string name;    // "org/name", or a word
  std::string source;  // what it is read from: a hub's "org/name@revision", or a folder's path
  bool folder = false;
  std::string origin;  // where that was found: "Qwen/Qwen3-8B@0123456789ab/config.json"
  std::string date;    // when: "2026-11-25"
};

/// The folder of entries: $XDG_DATA_HOME/vram-estimator/models or ~/.local/share/vram-estimator/models. Nothing without
/// a home.
std::optional<std::string> user_models_folder(const Environment& environment);

/// All entries, sorted by name; those that cannot be read are left out.
std::vector<UserModel> user_models(const std::string& folder);

/// The entry of that name, as it was read then; of its weights the total. Nothing where there is none.
///
///   errors  kBadInput with the entry's file
Result<std::optional<ModelSource>> user_model(const std::string& folder, std::string_view name);

/// Keeps `model` as `entry`; one of the same name is replaced.
///
///   errors  kBadInput for a name that no entry can have; kUnavailable where it cannot be written
std::optional<Error> keep_user_model(const std::string& folder, const UserModel& entry, const ModelSource& model);

/// errors  kNotFound with the nearest entry
std::optional<Error> remove_user_model(const std::string& folder, std::string_view name);

/// Today, "2026-11-25".
std::string today();

}  // namespace vram::io
