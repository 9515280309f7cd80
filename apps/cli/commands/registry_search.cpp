// registry search: the entries of the ImageWorks registry that hold some words.
#include "registry_entry.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() { return {registry_option(), {"--json", "", "For programs: a JSON array of entries"}}; }

Result<int> run(const Arguments& arguments, const Session& session) {
  return print_entries(arguments, session, arguments.word().value_or(""));
}

}  // namespace

extern const Command registry_search;
const Command registry_search{
    .name = "registry search",
    .order = 71,
    .usage = "WORDS [options]",
    .summary = "Its entries that hold some words",
    .about = "Lists the entries whose name, backend or quantisation hold every word of WORDS.",
    .word = "WORDS",
    .options = options,
    .exit = "0 there are some, 1 there is none, 2 the registry cannot be read.",
    .example = "registry search \"vllm fp8\" --registry model_registry.json",
    .run = run,
};

}  // namespace vram::cli::commands
