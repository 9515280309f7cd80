#include "vllm/launch_words.h"

#include "json/write.h"
#include "vllm/arguments.h"

namespace vram::vllm {
namespace {

std::string word_of(const json::Value& value) {
  if (const std::string* text = value.string()) return *text;
  return json::write_line(value);
}

void append(const Argument& argument, const json::Value& value, std::vector<std::string>& words) {
  const std::string flag = "--" + std::string(argument.name);
  if (const bool* on = value.boolean(); on && argument.kind == Argument::Kind::kFlag) {
    words.push_back(*on ? flag : "--no-" + std::string(argument.name));
    return;
  }
  words.push_back(flag);
  const json::Array* items = argument.kind == Argument::Kind::kList ? value.array() : nullptr;
  if (!items) return words.push_back(word_of(value));
  for (const json::Value& item : *items) words.push_back(word_of(item));
}

}  // namespace

std::vector<std::string> launch_words(const json::Object& arguments) {
  std::vector<std::string> words;
  for (const auto& [name, value] : arguments.members())
    if (const Argument* argument = find_argument(name); argument && !value.is_null()) append(*argument, value, words);
  return words;
}

std::string shell_word(std::string_view word) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=+,@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + '\'';
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

}  // namespace vram::vllm
