// models: the catalogue of models.
#include "arch/build.h"
#include "arguments.h"
#include "command.h"
#include "json/write.h"
#include "readers/catalogue.h"
#include "session.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  return {{"--architectures", "", "The model classes that are modelled, instead of models"},
          {"--json", "", "For programs: a JSON array of names"}};
}

Result<int> run(const Arguments& arguments, const Session& session) {
  std::vector<std::string> names;
  if (arguments.flag("--architectures")) {
    for (const std::string_view name : arch::architectures()) names.emplace_back(name);
  } else {
    names = search_catalogue(arguments.word().value_or(""));
  }
  if (arguments.flag("--json")) {
    json::Array array(names.begin(), names.end());
    session.terminal.print(json::write_pretty(json::Value(std::move(array))) + '\n');
    return kExitFits;
  }
  std::string text;
  for (const std::string& name : names) text += name + '\n';
  session.terminal.print(text);
  if (!names.empty()) return kExitFits;
  session.terminal.say("no model of the catalogue has \"" + arguments.word().value_or("") + "\" in its name");
  return kExitRefused;
}

}  // namespace

extern const Command models;
const Command models{
    .name = "models",
    .order = 50,
    .usage = "[SEARCH] [options]",
    .summary = "Models that are built in",
    .about = "Lists the models of the built-in catalogue whose names hold every word of SEARCH.",
    .word = "SEARCH",
    .options = options,
    .exit = "0 there are some, 1 there is none, 2 the command is wrong.",
    .example = "models qwen3",
    .run = run,
};

}  // namespace vram::cli::commands
