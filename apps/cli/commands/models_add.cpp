// models add: a model of a hub or a folder becomes an entry of the user's catalogue.
#include "arguments.h"
#include "command.h"
#include "session.h"
#include "user_catalogue.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  return {{"--name", "NAME", "What the entry is called (default: the hub's name, or the folder's)"}};
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const auto typed = arguments.word();
  if (!typed) return Error{ErrorCode::kBadInput, "NAME", "no model is named", "give a hub's org/name or a folder"};
  const auto entry = add_to_catalogue(*typed, arguments.text("--name"), session);
  if (!entry) return entry.error();
  session.terminal.say(entry->name + " is in the catalogue, as read from " + entry->origin);
  return kExitFits;
}

}  // namespace

extern const Command models_add;
const Command models_add{
    .name = "models add",
    .order = 52,
    .usage = "NAME|FOLDER [options]",
    .summary = "Add a model of a hub or a folder to the user's catalogue",
    .about =
        "Reads the model NAME, a hub's org/name[@revision], or a FOLDER, and keeps its config and the total of its "
        "weights under its name in the per-user data folder.",
    .word = "NAME|FOLDER",
    .options = options,
    .exit = "0 it is kept, 2 the command or the model is wrong.",
    .example = "models add Qwen/Qwen3-8B",
    .run = run,
};

}  // namespace vram::cli::commands
