// models refresh: entries of the user's catalogue, read anew from where they came.
#include "arguments.h"
#include "command.h"
#include "session.h"
#include "user_catalogue.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() { return {}; }

Result<int> run(const Arguments& arguments, const Session& session) {
  const auto refreshed = refresh_catalogue(arguments.word(), session);
  if (!refreshed) return refreshed.error();
  return *refreshed ? kExitFits : kExitMisuse;
}

}  // namespace

extern const Command models_refresh;
const Command models_refresh{
    .name = "models refresh",
    .order = 53,
    .usage = "[NAME]",
    .summary = "Read entries of the user's catalogue anew",
    .about =
        "Reads the entry NAME of the user's catalogue, or all of them, anew from the hub or the folder that it came "
        "from.",
    .word = "NAME",
    .options = options,
    .exit = "0 all were read, 2 one could not be read and stays as it was.",
    .example = "models refresh",
    .run = run,
};

}  // namespace vram::cli::commands
