// calibrate: what start-ups of this machine say about it, kept as a profile.
#include <algorithm>
#include <iterator>

#include "command.h"
#include "diagnosis/learn.h"
#include "io/calibrations.h"
#include "json/write.h"
#include "options/calibration_form.h"
#include "report/calibration_text.h"
#include "start_logs.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  std::vector<Option> all = {{"--profile", "NAME", "Profile to learn into (default: default)"},
                             {"--add", "", "Keep what the profile has already"},
                             {"--list", "", "The profiles there are"},
                             {"--show", "NAME", "What a profile says"},
                             {"--export", "NAME", "The profile as JSON, to give away or to put into a request"},
                             {"--remove", "NAME", "Forget a profile"}};
  for (const Option& option : log_options()) all.push_back(option);
  all.push_back({"--json", "", "For programs: the profile as JSON"});
  return all;
}

Result<int> learn_all(const Arguments& arguments, const Session& session) {
  const auto given = read_log_question(arguments);
  if (!given) return given.error();
  plan::Calibration calibration;
  calibration.name = arguments.text("--profile").value_or("default");
  if (arguments.flag("--add"))
    if (auto kept = io::load_calibration(calibration.name)) calibration.observations = kept->observations;
  const std::size_t before = calibration.observations.size();
  for (const std::string& name : given->logs) {
    const auto text = read_log(name);
    if (!text) return text.error();
    auto found = diagnosis::learn(*text, name, given->told, completing(session));
    if (!found) return found.error();
    for (const Error& reason : found->left_out) session.terminal.warn(reason);
    std::ranges::move(found->observations, std::back_inserter(calibration.observations));
  }
  const std::size_t learnt = calibration.observations.size() - before;
  if (learnt == 0)
    return Error{ErrorCode::kBadInput, given->logs.front(), "nothing was learnt",
                 "give start-up logs that come as far as the size of the KV cache"};
  if (auto error = io::save_calibration(calibration)) return *std::move(error);
  session.terminal.print(arguments.flag("--json") ? json::write_pretty(options::calibration_json(calibration)) + '\n'
                                                  : report::calibration_text(calibration, session.terminal.look().out));
  return kExitFits;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const Terminal& terminal = session.terminal;
  if (const auto name = arguments.text("--remove")) {
    if (auto error = io::remove_calibration(*name)) return *std::move(error);
    return kExitFits;
  }
  if (arguments.flag("--list")) {
    for (const std::string& name : io::calibration_names()) terminal.print(name + '\n');
    return kExitFits;
  }
  const auto shown = arguments.text("--show"), exported = arguments.text("--export");
  if (!shown && !exported) return learn_all(arguments, session);
  const auto calibration = io::load_calibration(shown ? *shown : *exported);
  if (!calibration) return calibration.error();
  const bool as_json = exported || arguments.flag("--json");
  terminal.print(as_json ? json::write_pretty(options::calibration_json(*calibration)) + '\n'
                         : report::calibration_text(*calibration, terminal.look().out));
  return kExitFits;
}

}  // namespace

extern const Command calibrate;
const Command calibrate{
    .name = "calibrate",
    .order = 55,
    .usage = "LOG… [--profile NAME] [options] [vLLM flags]",
    .summary = "Learns from this machine's start-up logs what the built-in estimates miss",
    .about =
        "By how much activations, non-torch memory, graphs and loading differed from the estimates in the given "
        "start-ups. `--calibration NAME` of other commands applies it: the more alike a start-up is (release, ranks, "
        "model), the more it counts. A runtime snapshot of the existing tool is taken for a log too.",
    .word = "LOG",
    .passes_on = true,
    .options = options,
    .exit = "0 learnt or answered, 2 the command or an input is wrong, or nothing was learnt.",
    .example = "calibrate --list",
    .run = run,
};

}  // namespace vram::cli::commands
