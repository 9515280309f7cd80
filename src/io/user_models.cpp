#include "io/user_models.h"

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "io/files.h"
#include "json/fields.h"
#include "json/write.h"
#include "readers/checkpoint.h"
#include "units/text.h"

namespace vram::io {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kMostEntry(8 * kMiB);

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 96 && text[0] != '.' && text.find("__") == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
                  c == '-';
         });
}

/// Nothing for a name that no entry can have.
std::optional<std::string> file_of(const std::string& folder, std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos)
    return is_word(name) ? std::optional(folder + '/' + std::string(name) + ".json") : std::nullopt;
  const std::string_view organisation = name.substr(0, slash), model = name.substr(slash + 1);
  if (!is_word(organisation) || !is_word(model)) return std::nullopt;
  return folder + '/' + std::string(organisation) + "__" + std::string(model) + ".json";
}

json::Value weights_json(const Checkpoint& weights) {
  json::Object object;
  object.set("origin", json::Value(weights.origin));
  object.set("tensors", json::Value(weights.tensors));
  object.set("stored_bytes", json::Value(weights.stored.count()));
  return json::Value(std::move(object));
}

Result<json::Value> read_entry(const std::string& path) {
  const auto text = read_file(path, kMostEntry);
  if (!text) return text.error();
  return json::parse(*text, path, {.bytes = std::size_t(kMostEntry.count())});
}

UserModel described(const json::Value& entry, const std::string& path) {
  const json::Fields fields(entry, path);
  return {fields.text_or("name", ""), fields.text_or("source", ""), fields.flag_or("folder", false),
          fields.text_or("origin", ""), fields.text_or("date", "")};
}

Result<std::optional<ModelSource>> rebuilt(const json::Value& entry, const std::string& path) {
  const json::Value* config = entry.find("config");
  if (!config) return Error{ErrorCode::kBadInput, path, "it has no \"config\"", "`models refresh` reads it anew"};
  const UserModel about = described(entry, path);
  auto source = model_source(*config, about.name, about.origin + " (read " + about.date + ")");
  if (!source) return source.error();
  if (const json::Value* quantisation = entry.find("quantisation")) source->quantisation = *quantisation;
  if (const json::Value* weights = entry.find("weights"); weights && weights->object()) {
    const json::Fields fields(*weights, path);
    Checkpoint checkpoint;
    checkpoint.origin = fields.text_or("origin", "the checkpoint");
    if (const json::Value* stored = weights->find("stored_bytes");
        stored && stored->integer() && *stored->integer() >= 0)
      checkpoint.stored = Bytes(*stored->integer());
    checkpoint.tensors = fields.count_or("tensors", 0);
    if (fields.error()) return *fields.error();
    source->weights = std::make_shared<const Checkpoint>(std::move(checkpoint));
  }
  return std::optional(*std::move(source));
}

}  // namespace

std::optional<std::string> user_models_folder(const Environment& environment) {
  std::optional<std::string> data = environment("XDG_DATA_HOME");
  if (!data || data->front() != '/') {
    const auto home = environment("HOME");
    if (!home || home->front() != '/') return std::nullopt;
    data = *home + "/.local/share";
  }
  return *data + "/vram-estimator/models";
}

std::vector<UserModel> user_models(const std::string& folder) {
  std::vector<UserModel> entries;
  std::error_code problem;
  for (fs::directory_iterator file(folder, problem), end; !problem && file != end; file.increment(problem)) {
    const std::string path = file->path().string();
    if (!path.ends_with(".json")) continue;
    const auto entry = read_entry(path);
    if (!entry || !entry->object()) continue;
    UserModel about = described(*entry, path);
    if (file_of(folder, about.name) == path) entries.push_back(std::move(about));
  }
  std::ranges::sort(entries, {}, &UserModel::name);
  return entries;
}

Result<std::optional<ModelSource>> user_model(const std::string& folder, std::string_view name) {
  const auto path = file_of(folder, name);
  std::error_code ignored;
  if (!path || !fs::exists(*path, ignored)) return std::optional<ModelSource>();
  const auto entry = read_entry(*path);
  if (!entry) return entry.error();
  return rebuilt(*entry, *path);
}

std::optional<Error> keep_user_model(const std::string& folder, const UserModel& entry, const ModelSource& model) {
  const auto path = file_of(folder, entry.name);
  if (!path)
    return Error{ErrorCode::kBadInput, "model \"" + entry.name.substr(0, 100) + '"',
                 "an entry's name has letters, digits, dots, dashes and single underscores, and at most one slash",
                 "give another with --name"};
  json::Object object;
  object.set("name", json::Value(entry.name));
  object.set("source", json::Value(entry.source));
  object.set("folder", json::Value(entry.folder));
  object.set("origin", json::Value(model.place));
  object.set("date", json::Value(entry.date));
  object.set("config", model.config);
  if (model.quantisation) object.set("quantisation", *model.quantisation);
  if (model.weights) object.set("weights", weights_json(*model.weights));
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) return system_error(folder, problem.value());
  return write_file(*path, json::write_pretty(json::Value(std::move(object))) + '\n');
}

std::optional<Error> remove_user_model(const std::string& folder, std::string_view name) {
  const auto path = file_of(folder, name);
  std::error_code problem;
  if (path && fs::remove(*path, problem)) return std::nullopt;
  if (path && problem) return system_error(*path, problem.value());
  const std::vector<UserModel> entries = user_models(folder);
  std::vector<std::string_view> names;
  for (const UserModel& entry : entries) names.push_back(entry.name);
  const auto near = nearest(name, names);
  return Error{ErrorCode::kNotFound, "model \"" + std::string(name.substr(0, 100)) + '"',
               "the user's catalogue has no entry of that name",
               near ? "did you mean " + std::string(*near) + '?' : "`vram-estimator models` lists them"};
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[16] = "";
  std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

}  // namespace vram::io
