#include "readers/catalogue.h"

#include <span>
#include <utility>

#include "units/text.h"

namespace vram {

namespace readers {
std::span<const std::pair<std::string_view, std::string_view>> embedded_models();
std::span<const std::pair<std::string_view, std::string_view>> embedded_catalogue();
}  // namespace readers

namespace {

/// "Qwen__Qwen3-8B", a file's name, as the hub writes it.
std::string hub_id(std::string_view file) {
  const std::size_t bar = file.find("__");
  if (bar == std::string_view::npos) return std::string(file);
  return std::string(file.substr(0, bar)) + '/' + std::string(file.substr(bar + 2));
}

std::string_view without_organisation(std::string_view id) { return id.substr(id.find('/') + 1); }

}  // namespace

std::vector<std::string> catalogue_names() {
  std::vector<std::string> names;
  for (const auto& [file, text] : readers::embedded_models()) names.push_back(hub_id(file));
  return names;
}

json::Object catalogue_dates() {
  const auto& [file, text] = readers::embedded_catalogue().front();
  const auto dates = json::parse(text, file);
  return dates && dates->object() ? *dates->object() : json::Object();
}

bool matches_search(std::string_view name, std::string_view search) {
  const std::string lowered = lower(name);
  for (std::string_view rest = search; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    if (lowered.find(lower(word)) == std::string::npos) return false;
  }
  return true;
}

std::vector<std::string> search_catalogue(std::string_view search) {
  std::vector<std::string> found = catalogue_names();
  std::erase_if(found, [&](const std::string& name) { return !matches_search(name, search); });
  return found;
}

Result<ModelSource> catalogue_model(std::string_view name) {
  const std::string wanted = lower(name);
  const bool bare = wanted.find('/') == std::string::npos;
  std::vector<std::pair<std::string, std::string_view>> matches;
  for (const auto& [file, text] : readers::embedded_models()) {
    std::string id = hub_id(file);
    const std::string lowered = lower(id);
    if (lowered == wanted || (bare && without_organisation(lowered) == wanted))
      matches.emplace_back(std::move(id), text);
  }
  if (matches.size() == 1)
    return read_config_json(matches[0].second, matches[0].first, matches[0].first + " (catalogue)");
  const std::string place = "model \"" + std::string(name) + '"';
  if (matches.size() > 1) {
    std::vector<std::string_view> ids;
    for (const auto& match : matches) ids.push_back(match.first);
    return Error{ErrorCode::kNotFound, place, "several organisations have one", "did you mean " + one_of(ids) + "?"};
  }
  const std::vector<std::string> names = catalogue_names();
  std::vector<std::string_view> candidates;
  for (const std::string& id : names) candidates.push_back(bare ? without_organisation(id) : std::string_view(id));
  const auto near = nearest(name, candidates);
  std::string hint = "give a folder with its config.json, or one of `vram-estimator models`";
  if (near)
    for (const std::string& id : names)
      if (without_organisation(id) == *near || id == *near)
        hint = "did you mean " + id + "? A folder with its config.json works too";
  return Error{ErrorCode::kNotFound, place, "it is neither a file nor a folder here, nor in the catalogue", hint};
}

}  // namespace vram
