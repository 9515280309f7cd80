#include "registry/registry.h"

#include <algorithm>

#include "json/fields.h"
#include "units/secrets.h"
#include "units/text.h"

namespace vram::registry {
namespace {

const json::Value kNull;
constexpr std::size_t kMostBytes = 64u << 20;

std::string text_of(const json::Value& object, std::string_view name) {
  const json::Value* found = object.find(name);
  return found && found->string() ? *found->string() : std::string();
}

const json::Value& part(const json::Value& object, std::string_view name) {
  const json::Value* found = object.find(name);
  return found ? *found : kNull;
}

std::optional<std::int64_t> whole_of(const json::Value& object, std::string_view name) {
  const json::Value* found = object.find(name);
  return found && found->integer() ? std::optional(*found->integer()) : std::nullopt;
}

Backend backend_of(std::string_view name) {
  return name == "vllm" ? Backend::kVllm : name == "ollama" ? Backend::kOllama : Backend::kOther;
}

/// A launch's words; numbers among them count as they are written.
std::vector<std::string> words_of(const json::Value& list) {
  std::vector<std::string> words;
  if (!list.array()) return words;
  for (const json::Value& item : *list.array()) words.push_back(item.string() ? *item.string() : json::describe(item));
  return words;
}

Entry read_entry(const json::Value& value) {
  Entry entry;
  entry.name = text_of(value, "name");
  entry.display_name = text_of(value, "display_name");
  entry.backend_name = text_of(value, "backend");
  entry.backend = backend_of(entry.backend_name);
  const json::Value& backend = part(value, "backend_config");
  entry.model_path = text_of(backend, "model_path");
  entry.extra_args = words_of(part(backend, "extra_args"));
  entry.quantization = text_of(value, "quantization");
  entry.hub_id = text_of(part(value, "source"), "huggingface_id");
  entry.served_model_id = text_of(value, "served_model_id");
  entry.download_path = text_of(value, "download_path");
  entry.download_bytes = whole_of(value, "download_size_bytes");
  entry.context_window = whole_of(part(value, "generation_defaults"), "context_window");
  entry.whole = value;
  return entry;
}

/// "/models/openai/gpt-oss-20b" -> "openai/gpt-oss-20b".
std::string last_two_parts(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t name = path.rfind('/');
  if (name == std::string_view::npos || name == 0) return "";
  const std::size_t organisation = path.rfind('/', name - 1);
  return std::string(path.substr(organisation == std::string_view::npos ? 0 : organisation + 1));
}

}  // namespace

const json::Value& Entry::architecture() const { return part(part(whole, "metadata"), "architecture"); }

Result<const Entry*> Registry::find(std::string_view name) const {
  const Entry* found = nullptr;
  std::vector<std::string_view> names;
  for (const Entry& entry : entries) {
    names.push_back(entry.name);
    if (entry.name != name) continue;
    if (found)
      return Error{ErrorCode::kBadInput, place, "two entries are called \"" + std::string(name) + '"',
                   "give each a name of its own"};
    found = &entry;
  }
  if (found) return found;
  const auto near = nearest(name, names);
  return Error{
      ErrorCode::kNotFound, place, "no entry is called \"" + std::string(name) + '"',
      near ? "did you mean \"" + std::string(*near) + "\"?" : "`vram-estimator registry list` prints their names"};
}

std::vector<const Entry*> Registry::search(std::string_view words) const {
  std::vector<const Entry*> found;
  for (const Entry& entry : entries) {
    const std::string all =
        lower(entry.name + ' ' + entry.display_name + ' ' + entry.backend_name + ' ' + entry.quantization);
    bool every = true;
    for (std::string_view rest = words; !rest.empty();) {
      const std::string_view word = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(word.size() + 1, rest.size()));
      every = every && all.find(lower(word)) != std::string::npos;
    }
    if (every) found.push_back(&entry);
  }
  return found;
}

Result<Registry> read_registry(std::string_view text, std::string place) {
  const auto value = json::parse(text, place, {.bytes = kMostBytes});
  if (!value) return value.error();
  if (!value->array())
    return Error{ErrorCode::kBadInput, place, "expected a list of entries, found " + json::describe(*value),
                 "give the registry's JSON file"};
  Registry registry{std::move(place), {}};
  for (const json::Value& item : *value->array()) {
    if (text_of(item, "name").empty())
      return Error{ErrorCode::kBadInput, registry.place + ": entry " + std::to_string(registry.entries.size()),
                   "expected an object with a \"name\", found " + json::describe(item), ""};
    registry.entries.push_back(read_entry(item));
  }
  return registry;
}

std::vector<std::string> shown_arguments(const Entry& entry) {
  std::vector<std::string> shown;
  bool secret = false;  // what the flag before holds
  for (const std::string& word : entry.extra_args) {
    const bool flag = word.starts_with('-');
    const std::size_t equals = flag ? word.find('=') : std::string::npos;
    if (!flag && secret)
      shown.emplace_back(kHidden);
    else if (equals != std::string::npos && names_secret(word.substr(0, equals)))
      shown.push_back(word.substr(0, equals + 1) + std::string(kHidden));
    else
      shown.push_back(without_credentials(word));
    // A list of keys goes on until the next flag.
    if (flag) secret = equals == std::string::npos && names_secret(word);
  }
  return shown;
}

std::vector<std::string> model_candidates(const Entry& entry) {
  std::vector<std::string> found;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::find(found.begin(), found.end(), name) == found.end()) found.push_back(name);
  };
  add(entry.model_path);
  add(entry.download_path);
  add(entry.hub_id);
  if (entry.backend != Backend::kOllama) add(last_two_parts(entry.model_path));
  return found;
}

}  // namespace vram::registry
