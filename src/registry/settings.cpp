#include "registry/settings.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "json/write.h"
#include "registry/registry.h"
#include "registry/spans.h"

namespace vram::registry {
namespace {

constexpr std::string_view kContextWindow = "context_window";

struct Flag {
  std::string name, value;
  bool append = true;   // where it is not there
  bool replace = true;  // where it is
};

std::string quoted(std::string_view text) { return json::write_line(json::Value(text)); }

/// A word up to its `=`, with dashes.
std::string flag_name(std::string_view word) {
  std::string name(word.substr(0, word.find('=')));
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

Result<std::vector<Flag>> flags_for(const Entry& entry, const Settings& settings, const std::string& place) {
  std::vector<Flag> flags;
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  if (!settings.context && !settings.max_num_seqs && !settings.gpu_memory_utilization && !settings.kv_cache_dtype)
    return Error{ErrorCode::kBadInput, place, "nothing is to be set", "give --max-model-len or another setting"};
  if (entry.backend == Backend::kOther)
    return Error{ErrorCode::kUnsupported, place, "its backend is \"" + entry.backend_name + '"',
                 "settings can be applied to vllm and ollama"};
  if (entry.backend == Backend::kOllama) {
    if (!settings.context || settings.max_num_seqs || settings.gpu_memory_utilization || settings.kv_cache_dtype)
      return Error{ErrorCode::kBadInput, place, "of an entry of Ollama only the context can be set",
                   "give --max-model-len alone"};
    flags.push_back({"--num-ctx", number(*settings.context)});
    return flags;
  }
  if (settings.context) flags.push_back({"--max-model-len", number(*settings.context)});
  if (settings.max_num_seqs) flags.push_back({"--max-num-seqs", number(*settings.max_num_seqs)});
  flags.push_back({"--gpu-memory-utilization", settings.gpu_memory_utilization.value_or("0.90"), true,
                   settings.gpu_memory_utilization.has_value()});
  if (settings.kv_cache_dtype)
    flags.push_back({"--kv-cache-dtype", *settings.kv_cache_dtype, *settings.kv_cache_dtype != "auto"});
  return flags;
}

/// The changes to one entry's text.
class Editor {
 public:
  Editor(std::string_view text, Span entry) : text_(text), entry_(entry) {}

  void set_flag(Span array, const Flag& flag) {
    const std::vector<Span> words = items(text_, array);
    bool found = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string word = word_at(words[i]);
      if (flag_name(word) != flag.name) continue;
      found = true;
      if (!flag.replace) continue;
      const std::size_t equals = word.find('=');
      if (equals != std::string::npos)
        replace(words[i], quoted(word.substr(0, equals + 1) + flag.value));
      else if (i + 1 < words.size() && !word_at(words[i + 1]).starts_with("--"))
        replace(words[++i], quoted(flag.value));
      else
        changes_.push_back({{words[i].end, words[i].end}, gap_before(words[i], i) + quoted(flag.value)});
    }
    if (found || !flag.append) return;
    added_.push_back(quoted(flag.name));
    added_.push_back(quoted(flag.value));
  }
  /// The flags that were not there yet.
  void append_flags(Span array) {
    if (!added_.empty()) changes_.push_back(appended(text_, array, added_));
  }

  /// Sets entry[outer][inner], making `outer` where it is missing or null.
  void set_inner(std::string_view outer, std::string_view inner, const std::string& literal) {
    const std::string pair = quoted(inner) + ": " + literal;
    const auto object = member(text_, entry_, outer);
    if (!object) {
      changes_.push_back(appended(text_, entry_, {quoted(outer) + ": {" + pair + '}'}));
    } else if (text_[object->begin] != '{') {
      replace(*object, '{' + pair + '}');
    } else if (const auto value = member(text_, *object, inner)) {
      replace(*value, literal);
    } else {
      changes_.push_back(appended(text_, *object, {pair}));
    }
  }

  std::string finish() && { return changed(text_, std::move(changes_)); }

 private:
  [[nodiscard]] std::string word_at(Span item) const {
    const auto value = json::parse(item.of(text_), "");
    return value && value->string() ? *value->string() : std::string(item.of(text_));
  }
  /// The comma and the blanks that part items here.
  [[nodiscard]] std::string gap_before(Span item, std::size_t index) const {
    const std::size_t last = text_.find_last_not_of(" \t\r\n", item.begin - 1);
    const std::string blanks(text_.substr(last + 1, item.begin - last - 1));
    return "," + (index == 0 && blanks.empty() ? " " : blanks);
  }
  void replace(Span at, std::string with) {
    if (at.of(text_) != with) changes_.push_back({at, std::move(with)});
  }

  std::string_view text_;
  Span entry_;
  std::vector<Change> changes_;
  std::vector<std::string> added_;
};

std::string list_of(const std::vector<Flag>& flags) {
  json::Array words;
  for (const Flag& flag : flags) {
    if (!flag.append) continue;
    words.emplace_back(flag.name);
    words.emplace_back(flag.value);
  }
  return json::write_line(json::Value(std::move(words)));
}

}  // namespace

Result<std::string> with_settings(std::string_view text, const std::string& place, std::string_view name,
                                  const Settings& settings) {
  const auto registry = read_registry(text, place);
  if (!registry) return registry.error();
  const auto entry = registry->find(name);
  if (!entry) return entry.error();
  const std::string entry_place = place + ": \"" + std::string(name) + '"';
  const auto flags = flags_for(**entry, settings, entry_place);
  if (!flags) return flags.error();

  const std::size_t index = std::size_t(*entry - registry->entries.data());
  const Span span = items(text, document(text))[index];
  Editor editor(text, span);
  const auto backend = member(text, span, "backend_config");
  const auto array = backend && text[backend->begin] == '{' ? member(text, *backend, "extra_args") : std::nullopt;
  if (array && text[array->begin] == '[') {
    for (const Flag& flag : *flags) editor.set_flag(*array, flag);
    editor.append_flags(*array);
  } else if (!array || array->of(text) == "null") {
    editor.set_inner("backend_config", "extra_args", list_of(*flags));
  } else {
    return Error{ErrorCode::kBadInput, entry_place + ": \"extra_args\"", "expected a list of words", ""};
  }
  if (settings.context) editor.set_inner("generation_defaults", kContextWindow, std::to_string(*settings.context));
  return std::move(editor).finish();
}

}  // namespace vram::registry
