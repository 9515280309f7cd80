// What a command is: a row of data and a function. Help, parsing and completion all read the same rows.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "units/result.h"

namespace vram::cli {

class Arguments;
struct Session;

/// One option of a command.
struct Option {
  std::string_view name;      // --params-billion; underscores are accepted for dashes
  std::string_view argument;  // what stands for its value in help; empty: it takes none
  std::string_view help;      // one sentence, its default included
  std::string_view alias{};   // -q, or several letters as vLLM has them: -tp
  bool negatable = false;     // --no-NAME too; only of an option without argument
};

inline constexpr int kExitFits = 0;     // starts, or the question has an answer
inline constexpr int kExitRefused = 1;  // would be refused, or nothing fits
inline constexpr int kExitMisuse = 2;   // the command or an input is wrong

struct Command {
  std::string_view name;     // as typed; may be two words: "vllm serve"
  int order;                 // place in the list of commands, most used first
  std::string_view usage;    // what follows the name
  std::string_view summary;  // its line in the list of commands
  std::string_view about;    // what it does, in a few sentences
  std::string_view word{};   // what its one argument that is no option is called; empty: it takes none
  bool passes_on = false;    // words that are none of its options are kept for vLLM's own reader
  std::vector<Option> (*options)();
  std::string_view exit;     // what its exit statuses mean
  std::string_view example;  // what follows the program's name; works as it stands

  /// The exit status; an Error is a misuse.
  Result<int> (*run)(const Arguments& arguments, const Session& session);
};

/// Options that every command takes.
std::span<const Option> common_options();

namespace commands {
/// All commands, by file name; generated from the files of this folder.
std::span<const Command* const> all();
}  // namespace commands

}  // namespace vram::cli
