// registry list: the entries of the ImageWorks registry.
#include "registry_entry.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() { return {registry_option(), {"--json", "", "For programs: a JSON array of entries"}}; }

Result<int> run(const Arguments& arguments, const Session& session) { return print_entries(arguments, session, ""); }

}  // namespace

extern const Command registry_list;
const Command registry_list{
    .name = "registry list",
    .order = 70,
    .usage = "[options]",
    .summary = "Entries of the ImageWorks model registry",
    .about = "Lists the entries of the registry with their backend, quantisation and context.",
    .options = options,
    .exit = "0 there are some, 1 there is none, 2 the registry cannot be read.",
    .example = "registry list --registry model_registry.json",
    .run = run,
};

}  // namespace vram::cli::commands
