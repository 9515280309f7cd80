// The words of a command line as a command's table of options reads them. The library behind it is slow to compile, so
// it stays inside one file.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command.h"
#include "units/result.h"

namespace vram::cli {

class Arguments {
 public:
  /// The value given last for that option; of one without argument "true" or, where it was negated, "false".
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  /// Every option given, with its value: in the order of the table, and of the line for one given several times.
  [[nodiscard]] std::span<const std::pair<std::string, std::string>> given() const { return given_; }
  /// Of a command that passes on: its words that are none of its options, as typed, a MODEL among them.
  [[nodiscard]] const std::vector<std::string>& rest() const { return rest_; }
  /// The one argument that is no option.
  [[nodiscard]] const std::optional<std::string>& word() const { return word_; }

 private:
  friend Result<Arguments> parse(const Command& command, std::span<const std::string> words);
  std::vector<std::pair<std::string, std::string>> given_;
  std::optional<std::string> word_;
  std::vector<std::string> rest_;
};

/// Reads `words` by the options of `command` and those that every command takes. A value may be a word of its own or
/// follow a `=`; `--` ends the options.
///   errors  kBadInput: an unknown option (with the nearest known one), a missing value, a word too many
Result<Arguments> parse(const Command& command, std::span<const std::string> words);

/// The answer to a word that looks like an option and is none, with the nearest of the command's.
Error unknown_option(const Command& command, const std::string& word);

/// All options of `command`, its own first.
std::vector<Option> options_of(const Command& command);

}  // namespace vram::cli
