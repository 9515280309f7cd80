// models: the catalogue of models.
#include <algorithm>

#include "arch/build.h"
#include "arguments.h"
#include "command.h"
#include "io/known_models.h"
#include "json/write.h"
#include "session.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  return {{"--architectures", "", "The model classes that are modelled, instead of models"},
          {"--long", "", "With where each was read, and when"},
          {"--json", "", "For programs: a JSON array of names; with --long of objects"}};
}

json::Value as_json(const std::vector<io::KnownModel>& models, bool with_source) {
  json::Array array;
  for (const io::KnownModel& model : models) {
    if (!with_source) {
      array.emplace_back(model.name);
      continue;
    }
    json::Object object;
    object.set("name", json::Value(model.name));
    object.set("source", json::Value(model.source));
    object.set("date", json::Value(model.date));
    array.emplace_back(std::move(object));
  }
  return json::Value(std::move(array));
}

std::string as_text(const std::vector<io::KnownModel>& models, bool with_source) {
  std::size_t widest = 0;
  for (const io::KnownModel& model : models) widest = std::max(widest, model.name.size());
  std::string text;
  for (const io::KnownModel& model : models) {
    text += model.name;
    if (with_source) text += std::string(widest + 2 - model.name.size(), ' ') + model.date + "  " + model.source;
    text += '\n';
  }
  return text;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const std::string search = arguments.word().value_or("");
  std::vector<io::KnownModel> models;
  if (arguments.flag("--architectures")) {
    for (const std::string_view name : arch::architectures()) models.push_back({std::string(name), "", ""});
  } else {
    models = io::known_models(search);
  }
  const bool with_source = arguments.flag("--long") && !arguments.flag("--architectures");
  if (arguments.flag("--json")) {
    session.terminal.print(json::write_pretty(as_json(models, with_source)) + '\n');
    return kExitFits;
  }
  session.terminal.print(as_text(models, with_source));
  if (!models.empty()) return kExitFits;
  session.terminal.say("no model of the catalogue has \"" + search + "\" in its name");
  return kExitRefused;
}

}  // namespace

extern const Command models;
const Command models{
    .name = "models",
    .order = 50,
    .usage = "[SEARCH] [options]",
    .summary = "Models by name: built in, and the user's own",
    .about =
        "Lists the models of the user's catalogue (models add) and of the built-in one whose names hold every word of "
        "SEARCH.",
    .word = "SEARCH",
    .options = options,
    .exit = "0 there are some, 1 there is none, 2 the command is wrong.",
    .example = "models qwen3",
    .run = run,
};

}  // namespace vram::cli::commands
