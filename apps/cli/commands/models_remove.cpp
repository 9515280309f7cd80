// models remove: an entry less in the user's catalogue.
#include "arguments.h"
#include "command.h"
#include "session.h"
#include "user_catalogue.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() { return {}; }

Result<int> run(const Arguments& arguments, const Session& session) {
  const auto name = arguments.word();
  if (!name) return Error{ErrorCode::kBadInput, "NAME", "no entry is named", "`vram-estimator models` lists them"};
  if (auto error = remove_from_catalogue(*name)) return *std::move(error);
  session.terminal.say(*name + " is no longer in the catalogue");
  return kExitFits;
}

}  // namespace

extern const Command models_remove;
const Command models_remove{
    .name = "models remove",
    .order = 54,
    .usage = "NAME",
    .summary = "Take an entry out of the user's catalogue",
    .about = "Takes the entry NAME out of the user's catalogue. Built-in models stay.",
    .word = "NAME",
    .options = options,
    .exit = "0 it is gone, 2 there was none.",
    .example = "models remove my-model",
    .run = run,
};

}  // namespace vram::cli::commands
