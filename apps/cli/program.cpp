#include "program.h"

#include <string>
#include <vector>

#include "arguments.h"
#include "choose.h"
#include "command.h"
#include "help.h"
#include "session.h"
#include "terminal.h"

namespace vram::cli {
namespace {

constexpr std::string_view kWithoutCommand = "estimate";

bool is_help(const std::string& word) { return word == "--help" || word == "-h"; }

/// Whether help is asked for anywhere among the options, also where others are wrong or missing.
bool wants_help(std::span<const std::string> words) {
  for (const std::string& word : words) {
    if (word == "--") return false;
    if (is_help(word)) return true;
  }
  return false;
}

Result<Terminal> terminal_for(const Arguments& arguments, const Surroundings& surroundings) {
  const auto when = read_when(arguments.text("--color").value_or("auto"), "--color");
  if (!when) return when.error();
  return Terminal(look(surroundings, *when, arguments.flag("--ascii")));
}

int misuse(const Terminal& terminal, const Error& error) {
  terminal.complain(error);
  return kExitMisuse;
}

int run_command(const Chosen& chosen, const Call& call, const Surroundings& surroundings, const Terminal& plain) {
  const auto arguments = parse(*chosen.command, chosen.words);
  if (!arguments) return misuse(plain, arguments.error());
  const auto terminal = terminal_for(*arguments, surroundings);
  if (!terminal) return misuse(plain, terminal.error());
  const auto status = chosen.command->run(*arguments, {*terminal, call.detect});
  return status ? *status : misuse(*terminal, status.error());
}

int choose_and_run(const Call& call, const Surroundings& surroundings, const Terminal& terminal) {
  const auto commands = commands::all();
  const auto& words = call.words;
  const int width = terminal.look().out.width;
  if (words.empty()) {
    terminal.say("error: no command; \"" + call.program + " --help\" lists them");
    return kExitMisuse;
  }
  if (words[0] == "--version") {
    terminal.print("vram-estimator " VRAM_VERSION "\n");
    return kExitFits;
  }
  if (is_help(words[0]) || (words[0] == "help" && words.size() == 1)) {
    terminal.print(overview(call.program, commands, width));
    return kExitFits;
  }
  const bool help_first = words[0] == "help";
  const auto chosen = choose(std::span(words).subspan(help_first ? 1 : 0), commands, kWithoutCommand);
  if (!chosen) return misuse(terminal, chosen.error());
  if (help_first || wants_help(chosen->words)) {
    terminal.print(help(call.program, *chosen->command, width));
    return kExitFits;
  }
  return run_command(*chosen, call, surroundings, terminal);
}

}  // namespace

std::span<const Option> common_options() {
  static constexpr Option kCommon[] = {{"--color", "WHEN", "auto, always or never (default: auto)"},
                                       {"--ascii", "", "Nothing beyond ASCII (default: by the locale)"},
                                       {"--help", "", "This text", "-h"}};
  return kCommon;
}

int run(const Call& call) {
  const Surroundings surroundings = look_around();
  const Terminal terminal(look(surroundings, When::kAuto, false));
  const int status = choose_and_run(call, surroundings, terminal);
  return terminal.finish() ? status : kExitMisuse;
}

}  // namespace vram::cli
