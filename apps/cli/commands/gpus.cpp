// gpus: the catalogue, or those in this machine.
#include "arguments.h"
#include "command.h"
#include "hardware/catalogue.h"
#include "json/write.h"
#include "probe/detect.h"
#include "report/gpu_table.h"
#include "session.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  return {{"--detect", "", "Those in this machine, instead of the catalogue"},
          {"--json", "", "For programs: a JSON array"}};
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const Terminal& terminal = session.terminal;
  const int width = terminal.look().out.width;
  if (!arguments.flag("--detect")) {
    const auto& records = hardware::catalogue();
    terminal.print(arguments.flag("--json") ? json::write_pretty(report::gpu_catalogue_json(records)) + '\n'
                                            : report::gpu_catalogue_text(records, width));
    return kExitFits;
  }
  const auto found = probe::detect(probe::this_machine());
  if (!found) return found.error();
  for (const std::string& warning : found->warnings) terminal.warn({ErrorCode::kUnavailable, "", warning, ""});
  terminal.print(arguments.flag("--json")
                     ? json::write_pretty(report::detected_gpus_json(found->gpus, found->warnings)) + '\n'
                     : report::detected_gpus_text(found->gpus, width));
  return kExitFits;
}

}  // namespace

extern const Command gpus;
const Command gpus{
    .name = "gpus",
    .order = 45,
    .usage = "[options]",
    .summary = "GPUs that are known, or those in this machine",
    .about =
        "Lists the GPUs of the built-in catalogue with the memory that drivers report, or finds those in this machine.",
    .options = options,
    .exit = "0 answered, also where there is no GPU; 2 the command is wrong or a driver does not answer.",
    .example = "gpus --detect",
    .run = run,
};

}  // namespace vram::cli::commands
