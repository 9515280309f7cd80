#include "arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "units/text.h"

namespace vram::cli {
namespace {

Error misuse(std::string_view place, std::string problem, std::string hint = "") {
  return {ErrorCode::kBadInput, std::string(place), std::move(problem), std::move(hint)};
}

/// A word up to its `=`, and the rest.
std::pair<std::string, std::optional<std::string>> split(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) return {word, std::nullopt};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

bool is_long_alias(const Option& option) { return option.alias.size() > 2; }

/// The library knows neither options of several letters behind one dash nor underscores for dashes nor `--name=` with
/// nothing behind it: such words are rewritten to what it knows.
std::vector<std::string> rewritten(std::span<const std::string> words, std::span<const Option> options) {
  std::vector<std::string> result;
  bool only_words = false;
  for (const std::string& word : words) {
    if (only_words || word.size() < 2 || word[0] != '-') {
      result.push_back(word);
      continue;
    }
    only_words = word == "--";
    auto [name, value] = split(word);
    for (const Option& option : options)
      if (is_long_alias(option) && option.alias == name) name = option.name;
    if (name.starts_with("--")) std::replace(name.begin(), name.end(), '_', '-');
    if (value && value->empty()) {
      result.push_back(name);
      result.emplace_back();
    } else {
      result.push_back(value ? name + '=' + *value : name);
    }
  }
  return result;
}

/// "-q,--quiet", "--x,!--no-x": the library's way to write the names of one option.
std::string names_of(const Option& option) {
  std::string names(option.name);
  if (!option.alias.empty() && !is_long_alias(option)) names += ',' + std::string(option.alias);
  if (option.negatable) names += ",!--no-" + std::string(option.name.substr(2));
  return names;
}

/// The words that are the command's own options and their values; the others go to `rest`.
std::vector<std::string> own_words(std::span<const std::string> words, std::span<const Option> options,
                                   std::vector<std::string>& rest) {
  std::vector<std::string> own;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto [name, value] = split(words[i]);
    if (name.starts_with("--")) std::replace(name.begin(), name.end(), '_', '-');
    const auto found = std::find_if(options.begin(), options.end(), [&](const Option& option) {
      return option.name == name || (!option.alias.empty() && option.alias == name) ||
             (option.negatable && name == "--no-" + std::string(option.name.substr(2)));
    });
    if (words[i] == "--") {
      rest.insert(rest.end(), words.begin() + std::ptrdiff_t(i) + 1, words.end());
      break;
    }
    (found == options.end() ? rest : own).push_back(words[i]);
    const bool takes_next = found != options.end() && !found->argument.empty() && !value;
    if (takes_next && i + 1 < words.size()) own.push_back(words[++i]);
  }
  return own;
}

Error unknown_among(const Command& command, const std::string& word, std::span<const Option> options) {
  std::vector<std::string> negated;
  for (const Option& option : options)
    if (option.negatable) negated.push_back("--no-" + std::string(option.name.substr(2)));
  std::vector<std::string_view> names(negated.begin(), negated.end());
  for (const Option& option : options) names.push_back(option.name);
  const std::string name = split(word).first;
  const auto meant = nearest(name, names);
  return misuse(name, std::string(command.name) + " has no such option",
                meant ? "did you mean " + std::string(*meant) + '?'
                      : "\"" + std::string(command.name) + " --help\" lists those it has");
}

/// What was left over by the library: the command's one word, or something it does not take.
Result<std::optional<std::string>> read_word(const Command& command, const std::vector<std::string>& left,
                                             std::span<const Option> options) {
  std::optional<std::string> found;
  bool only_words = false;
  for (const std::string& word : left) {
    if (!only_words && word == "--") {
      only_words = true;
      continue;
    }
    if (!only_words && word.size() > 1 && word[0] == '-') return unknown_among(command, word, options);
    if (command.word.empty())
      return misuse('"' + word + '"', std::string(command.name) + " takes options only",
                    "\"" + std::string(command.name) + " --help\" lists them");
    if (found)
      return misuse('"' + word + '"', std::string(command.name) + " takes one " + std::string(command.word) +
                                          ", and \"" + *found + "\" is it");
    if (word.empty()) return misuse(command.word, "it is empty");
    found = word;
  }
  return found;
}

std::optional<Error> bad_value(const Option& option, const std::string& value, std::span<const Option> options) {
  if (option.argument.empty()) {
    if (value == "true" || value == "false") return std::nullopt;
    return misuse(option.name, "it takes no value, found \"" + value + '"');
  }
  if (value.empty()) return misuse(option.name, "expected " + std::string(option.argument) + ", found nothing");
  const std::string name = split(value).first;
  for (const Option& other : options)
    if (other.name == name)
      return misuse(option.name, "expected " + std::string(option.argument) + ", found the option " + name);
  return std::nullopt;
}

}  // namespace

const std::string* Arguments::find(std::string_view name) const {
  const auto last = std::find_if(given_.rbegin(), given_.rend(), [&](const auto& pair) { return pair.first == name; });
  return last == given_.rend() ? nullptr : &last->second;
}

bool Arguments::flag(std::string_view name) const {
  const std::string* value = find(name);
  return value && *value == "true";
}

std::optional<std::string> Arguments::text(std::string_view name) const {
  const std::string* value = find(name);
  return value ? std::optional(*value) : std::nullopt;
}

Error unknown_option(const Command& command, const std::string& word) {
  return unknown_among(command, word, options_of(command));
}

std::vector<Option> options_of(const Command& command) {
  std::vector<Option> options = command.options();
  const auto common = common_options();
  options.insert(options.end(), common.begin(), common.end());
  return options;
}

Result<Arguments> parse(const Command& command, std::span<const std::string> words) {
  const std::vector<Option> options = options_of(command);
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<CLI::Option*> read;
  for (const Option& option : options) {
    CLI::Option* added = option.argument.empty() ? app.add_flag(names_of(option)) : app.add_option(names_of(option));
    read.push_back(added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
  }
  Arguments arguments;
  std::vector<std::string> own(words.begin(), words.end());
  if (command.passes_on) own = own_words(words, options, arguments.rest_);
  std::vector<std::string> line = rewritten(own, options);
  const std::string last = line.empty() ? "" : line.back();
  std::reverse(line.begin(), line.end());  // the library takes them from the end
  try {
    app.parse(std::move(line));
  } catch (const CLI::ArgumentMismatch&) {
    // Every option takes one value or none, so what can be missing is the value of the last one.
    const auto short_of = std::find_if(options.begin(), options.end(), [&](const Option& option) {
      return option.name == last || option.alias == last;
    });
    const std::string_view expected = short_of == options.end() ? "a value" : short_of->argument;
    return misuse(last, "expected " + std::string(expected) + ", found nothing");
  } catch (const CLI::ParseError& problem) {
    return misuse(command.name, problem.what());
  }

  const auto word = read_word(command, app.remaining(), options);
  if (!word) return word.error();
  arguments.word_ = *word;
  for (std::size_t i = 0; i < options.size(); ++i) {
    for (const std::string& value : read[i]->results()) {
      if (auto error = bad_value(options[i], value, options)) return *std::move(error);
      arguments.given_.emplace_back(options[i].name, value);
    }
  }
  return arguments;
}

}  // namespace vram::cli
