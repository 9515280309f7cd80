#include "user_catalogue.h"

#include <filesystem>

#include "io/hub.h"
#include "io/load.h"
#include "progress.h"

namespace vram::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> folder() {
  if (auto found = io::user_models_folder(io::process_variable)) return *std::move(found);
  return Error{ErrorCode::kUnavailable, "catalogue", "this user has no home folder to keep one in",
               "set XDG_DATA_HOME"};
}

Result<ModelSource> read_anew(const io::UserModel& entry, const Session& session) {
  if (entry.folder) {
    auto loaded = io::load(entry.source);
    if (!loaded) return loaded.error();
    return **loaded;
  }
  const auto name = io::read_hub_name(entry.source);
  if (!name)
    return Error{ErrorCode::kBadInput, "model \"" + entry.source.substr(0, 100) + '"',
                 "it is neither a folder here nor a hub's org/name", ""};
  auto settings = io::hub_settings(io::process_variable);
  if (!settings) return settings.error();
  settings->cached_first = false;
  return io::hub_model(*name, *settings, progress_on(session.terminal));
}

Result<io::UserModel> keep(io::UserModel entry, const Session& session) {
  const auto place = folder();
  if (!place) return place.error();
  const auto model = read_anew(entry, session);
  if (!model) return model.error();
  entry.origin = model->place;
  entry.date = io::today();
  if (auto error = io::keep_user_model(*place, entry, *model)) return *std::move(error);
  return entry;
}

/// All entries; empty without a home folder.
std::vector<io::UserModel> catalogue_of_user() {
  const auto place = folder();
  return place ? io::user_models(*place) : std::vector<io::UserModel>();
}

}  // namespace

Result<io::UserModel> add_to_catalogue(const std::string& typed, const std::optional<std::string>& name,
                                       const Session& session) {
  io::UserModel entry;
  std::error_code ignored;
  entry.folder = fs::exists(typed, ignored);
  entry.source = entry.folder ? fs::canonical(typed, ignored).string() : typed;
  const fs::path path(entry.source);
  entry.name = name.value_or(entry.folder ? path.filename().string() : typed.substr(0, typed.find('@')));
  return keep(std::move(entry), session);
}

Result<bool> refresh_catalogue(const std::optional<std::string>& name, const Session& session) {
  bool all = true, found = false;
  for (const io::UserModel& entry : catalogue_of_user()) {
    if (name && entry.name != *name) continue;
    found = true;
    const auto kept = keep(entry, session);
    if (kept) {
      session.terminal.say(kept->name + " was read from " + kept->origin);
      continue;
    }
    all = false;
    session.terminal.warn(kept.error());
  }
  if (name && !found)
    return Error{ErrorCode::kNotFound, "model \"" + name->substr(0, 100) + '"',
                 "the user's catalogue has no entry of that name", "`vram-estimator models` lists them"};
  return all;
}

std::optional<Error> remove_from_catalogue(const std::string& name) {
  const auto place = folder();
  return place ? io::remove_user_model(*place, name) : std::optional(place.error());
}

}  // namespace vram::cli
