// profiles: the overhead profiles there are.
#include "arguments.h"
#include "command.h"
#include "io/user_profiles.h"
#include "json/write.h"
#include "report/formula_json.h"
#include "report/formula_text.h"
#include "session.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  return {
      {"--profiles", "FILE", "Profiles over the built-in ones (default: profiles.json in ~/.config/vram-estimator)"},
      {"--json", "", "For programs: one JSON object, at full precision"}};
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const auto [profiles, warnings] = io::load_profiles(arguments.text("--profiles"));
  for (const Error& warning : warnings) session.terminal.warn(warning);
  session.terminal.print(arguments.flag("--json") ? json::write_pretty(report::profiles_json(profiles)) + '\n'
                                                  : report::profiles_text(profiles, session.terminal.look().out.width));
  return kExitFits;
}

}  // namespace

extern const Command profiles;
const Command profiles{
    .name = "profiles",
    .order = 90,
    .usage = "[options]",
    .summary = "Overhead profiles: built in, and the user's own",
    .about =
        "The overhead profiles that --profile takes, sorted by name. A user's file is a JSON object: "
        "{\"mine\": {\"overhead_gib\": 1.8, \"vision_gib\": 0, \"frag_factor\": 1.1}}; what it leaves out reads "
        "1.5, 0 and 1.10.",
    .options = options,
    .exit = "0 answered, 2 the command or an input is wrong.",
    .example = "profiles",
    .run = run,
};

}  // namespace vram::cli::commands
