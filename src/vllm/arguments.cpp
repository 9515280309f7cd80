#include "vllm/arguments.h"

#include <algorithm>

#include "units/secrets.h"
#include "units/text.h"

namespace vram::vllm {
namespace {

using Kind = Argument::Kind;

std::string with(std::string_view name, char from, char to) {
  std::string result(name);
  std::replace(result.begin(), result.end(), from, to);
  return result;
}

std::string flag_of(const Argument& argument) { return "--" + std::string(argument.name); }

Error bad(std::string_view place, std::string problem, std::string hint = "") {
  return Error{ErrorCode::kBadInput, std::string(place), std::move(problem), std::move(hint)};
}

Error unknown(std::string_view place, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Argument& argument : arguments()) names.push_back(argument.name);
  const auto near = nearest(with(name, '_', '-'), names);
  return bad(place, "vLLM has no such argument",
             near ? "did you mean --" + std::string(*near) + "?" : "`vllm serve --help` lists them");
}

/// Whether the release has the argument.
std::optional<Error> absent(const Argument& argument, const Engine& engine) {
  const auto cut = [](std::string_view version) { return read_engine(version)->as_of; };
  if (!argument.since.empty() && engine.as_of < cut(argument.since))
    return bad(flag_of(argument), "vLLM " + engine.version + " has no such argument",
               "it is there from " + std::string(argument.since) + " or a little earlier on");
  if (!argument.until.empty() && engine.as_of >= cut(argument.until))
    return bad(flag_of(argument), "vLLM " + engine.version + " has no such argument any more",
               "it was gone by " + std::string(argument.until));
  return std::nullopt;
}

/// A number where `text` is one, JSON where it looks like it, else the text.
Result<json::Value> read_any(const std::string& text, const std::string& place) {
  if (text.starts_with('{') || text.starts_with('[')) return json::parse(text, place);
  if (const auto whole = read_integer(text)) return json::Value(*whole);
  if (const auto number = read_number(text)) return json::Value(*number);
  if (text == "true" || text == "True") return json::Value(true);
  if (text == "false" || text == "False") return json::Value(false);
  if (text == "null" || text == "None") return json::Value();
  return json::Value(text);
}

Result<json::Value> read_text_value(const Argument& argument, const std::string& text) {
  const std::string place = flag_of(argument);
  switch (argument.kind) {
    case Kind::kFlag:
      if (text == "true" || text == "True" || text == "1") return json::Value(true);
      if (text == "false" || text == "False" || text == "0") return json::Value(false);
      return bad(place, "it takes no value, found \"" + text + '"');
    case Kind::kInteger:
      if (const auto whole = read_integer(text)) return json::Value(*whole);
      return bad(place, "expected a whole number, found \"" + text + '"');
    case Kind::kNumber:
      if (const auto number = read_number(text)) return json::Value(*number);
      return bad(place, "expected a number, found \"" + text + '"');
    case Kind::kCount: {
      if (text == "auto") return json::Value(-1);
      const auto count = read_count(text, place);
      if (!count) return count.error();
      return json::Value(*count);
    }
    case Kind::kText:
      return json::Value(text);
    case Kind::kJson: {
      auto value = read_any(text, place);
      if (value && !value->object() && !value->integer() && !value->is_null())
        return bad(place, "expected JSON, found \"" + text + '"');
      return value;
    }
    case Kind::kList:
    case Kind::kAny:
      return read_any(text, place);
  }
  return json::Value(text);
}

/// A value that a request gives, as the kind wants it.
Result<json::Value> read_json_value(const Argument& argument, const json::Value& value) {
  if (value.is_null()) return value;
  if (const std::string* text = value.string(); text && argument.kind != Kind::kList)
    return read_text_value(argument, *text);
  const auto mistyped = [&](const char* what) {
    return bad(flag_of(argument), std::string("expected ") + what + ", found " + json::describe(value));
  };
  switch (argument.kind) {
    case Kind::kFlag:
      return value.boolean() ? Result<json::Value>(value) : mistyped("true or false");
    case Kind::kInteger:
    case Kind::kCount:
      return value.integer() ? Result<json::Value>(value) : mistyped("a whole number");
    case Kind::kNumber:
      return value.number() ? Result<json::Value>(value) : mistyped("a number");
    case Kind::kText:
      return mistyped("a text");
    case Kind::kJson:
      return value.object() || value.integer() ? Result<json::Value>(value) : mistyped("an object");
    case Kind::kList:
    case Kind::kAny:
      return value;
  }
  return value;
}

/// Puts `value` at the dotted `path` under `object`.
void set_member(json::Object& object, std::string_view path, json::Value value) {
  const std::size_t dot = path.find('.');
  const std::string name(path.substr(0, dot));
  if (dot == std::string_view::npos) {
    object.set(name, std::move(value));
    return;
  }
  const json::Value* found = object.find(name);
  json::Object inner = found && found->object() ? *found->object() : json::Object();
  set_member(inner, path.substr(dot + 1), std::move(value));
  object.set(name, json::Value(std::move(inner)));
}

/// What one word that begins with a dash names.
struct Spelling {
  const Argument* argument = nullptr;
  bool negated = false;
  std::string path;  // behind a dot
};

bool is_alias(const Argument& argument, std::string_view word) {
  for (std::string_view rest = argument.aliases; !rest.empty();) {
    const std::string_view alias = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(alias.size() + 1, rest.size()));
    if (alias == word) return true;
  }
  return false;
}

Spelling spelled(std::string_view word) {
  Spelling spelling;
  const std::size_t dot = word.find('.');
  if (dot != std::string_view::npos) spelling.path = word.substr(dot + 1);
  const std::string name = with(word.substr(0, dot), '_', '-');
  if (name.starts_with("--")) spelling.argument = find_argument(std::string_view(name).substr(2));
  if (!spelling.argument && name.starts_with("--no-")) {
    spelling.argument = find_argument(std::string_view(name).substr(5));
    spelling.negated = spelling.argument != nullptr;
  }
  if (spelling.argument) return spelling;
  for (const Argument& argument : arguments())
    if (is_alias(argument, name)) {
      spelling.argument = &argument;
      spelling.negated = name.starts_with("--enable-") || name.starts_with("--disable-");
      return spelling;
    }
  return spelling;
}

/// Reads the words of one launch line, front to back.
class LineReader {
 public:
  LineReader(std::span<const std::string> words, const Engine& engine) : words_(words), engine_(engine) {}

  Result<LaunchLine> read() {
    skip_front();
    while (!words_.empty()) {
      const std::string word = take();
      const bool option = word.size() > 1 && word[0] == '-';
      if (auto error = option ? read_option(word) : read_model(word)) return *std::move(error);
    }
    if (const json::Value* model = line_.arguments.find("model"); model && model->string() && line_.model.empty())
      line_.model = *model->string();
    line_.arguments.erase("model");
    return std::move(line_);
  }

 private:
  std::string take() {
    std::string word = words_.front();
    words_ = words_.subspan(1);
    return word;
  }

  /// Assignments, `vllm` and `serve`.
  void skip_front() {
    while (!words_.empty()) {
      const std::string& word = words_.front();
      const std::size_t equals = word.find('=');
      if (word.starts_with('-') || equals == std::string::npos || equals == 0) break;
      line_.environment[word.substr(0, equals)] = word.substr(equals + 1);
      words_ = words_.subspan(1);
    }
    if (!words_.empty() && words_.front() == "vllm") words_ = words_.subspan(1);
    if (!words_.empty() && words_.front() == "serve") words_ = words_.subspan(1);
  }

  std::optional<Error> read_model(const std::string& word) {
    if (!line_.model.empty()) return bad('"' + word + '"', "one model is served, and \"" + line_.model + "\" is it");
    line_.model = word;
    return std::nullopt;
  }

  std::optional<Error> read_option(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    std::optional<std::string> value;
    if (equals != std::string::npos) value = word.substr(equals + 1);
    // -O3 is the level behind its letter.
    if (name.size() == 3 && name.starts_with("-O") && name[2] >= '0' && name[2] <= '3') {
      line_.arguments.set("optimization_level", json::Value(int(name[2] - '0')));
      return std::nullopt;
    }
    const Spelling spelling = spelled(name);
    if (!spelling.argument)
      return unknown(name, std::string_view(name).substr(std::min(name.find_first_not_of('-'), name.size())));
    if (auto error = absent(*spelling.argument, engine_)) return error;
    return read_value(spelling, name, std::move(value));
  }

  std::optional<Error> read_value(const Spelling& spelling, const std::string& name, std::optional<std::string> value) {
    const Argument& argument = *spelling.argument;
    const std::string key = with(argument.name, '-', '_');
    if (argument.kind == Kind::kFlag) {
      auto read = value ? read_text_value(argument, *value) : Result<json::Value>(json::Value(true));
      if (!read) return read.error();
      line_.arguments.set(key, json::Value(*read->boolean() != spelling.negated));
      return std::nullopt;
    }
    if (argument.kind == Kind::kList) return read_list(argument, key, std::move(value));
    if (!value) {
      if (words_.empty() || is_option(words_.front())) return bad(name, "expected a value, found nothing");
      value = take();
    }
    if (!spelling.path.empty()) {
      auto read = read_any(*value, name);
      if (!read) return read.error();
      set_member(line_.arguments, key + '.' + spelling.path, *std::move(read));
      return std::nullopt;
    }
    auto read = read_text_value(argument, *value);
    if (!read) return read.error();
    line_.arguments.set(key, *std::move(read));
    return std::nullopt;
  }

  std::optional<Error> read_list(const Argument& argument, const std::string& key, std::optional<std::string> value) {
    json::Array items;
    const auto add = [&](const std::string& text) -> std::optional<Error> {
      auto read = read_any(text, flag_of(argument));
      if (!read) return read.error();
      items.push_back(*std::move(read));
      return std::nullopt;
    };
    if (value)
      if (auto error = add(*value)) return error;
    while (!value && !words_.empty() && !is_option(words_.front()))
      if (auto error = add(take())) return error;
    line_.arguments.set(key, json::Value(std::move(items)));
    return std::nullopt;
  }

  /// A word that begins an option; a negative number does not.
  static bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-' && !read_number(word); }

  std::span<const std::string> words_;
  const Engine& engine_;
  LaunchLine line_;
};

/// The value as reports may have it: nothing that is planned depends on a secret.
json::Value shown(json::Value value, bool secret) {
  if (const std::string* text = value.string())
    return secret ? json::Value(kHidden) : json::Value(without_credentials(*text));
  if (const json::Array* items = value.array()) {
    json::Array all;
    for (const json::Value& item : *items) all.push_back(shown(item, secret));
    return json::Value(std::move(all));
  }
  if (json::Object* object = value.object()) {
    json::Object all;
    for (const auto& [name, member] : object->members()) all.set(name, shown(member, secret || names_secret(name)));
    return json::Value(std::move(all));
  }
  return value;
}

}  // namespace

const Argument* find_argument(std::string_view name) {
  const std::string dashed = with(name, '_', '-');
  const auto all = arguments();
  const auto found = std::lower_bound(all.begin(), all.end(), dashed,
                                      [](const Argument& a, const std::string& b) { return a.name < b; });
  return found != all.end() && found->name == dashed ? &*found : nullptr;
}

Result<json::Object> read_arguments(const json::Object& given, const Engine& engine) {
  json::Object typed;
  for (const auto& [name, value] : given.members()) {
    const Argument* argument = find_argument(name);
    if (!argument) return unknown("args: \"" + name.substr(0, 80) + '"', name.substr(0, 80));
    if (auto error = absent(*argument, engine)) return *std::move(error);
    auto read = read_json_value(*argument, value);
    if (!read) return read.error();
    if (!read->is_null())
      typed.set(with(argument->name, '-', '_'), shown(*std::move(read), names_secret(argument->name)));
  }
  return typed;
}

Result<LaunchLine> read_launch_line(std::span<const std::string> words, const Engine& engine) {
  return LineReader(words, engine).read();
}

}  // namespace vram::vllm
