// inspect: every tensor of a rank.
#include "plan/inspect.h"

#include "command.h"
#include "gguf_mode.h"
#include "json/write.h"
#include "question.h"
#include "report/inspect_text.h"
#include "units/text.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  std::vector<Option> all = question_options();
  all.push_back({"--stage", "N", "Pipeline stage to look at (default: 0)"});
  all.push_back({"--json", "", "For programs: the blocks as JSON, in bytes"});
  return all;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  if (names_gguf(arguments.rest(), arguments)) return inspect_gguf(arguments, session);
  auto request = read_question(arguments, session);
  if (!request) return request.error();
  const std::string stage = arguments.text("--stage").value_or("0");
  const auto number = read_integer(stage);
  if (!number) return Error{ErrorCode::kBadInput, "--stage", "expected a whole number, found \"" + stage + '"', ""};
  const auto found = plan::inspect(*request, *number, "--stage");
  if (!found) return found.error();
  const auto& [exact, at, tensors] = *found;
  session.terminal.print(arguments.flag("--json")
                             ? json::write_pretty(report::inspect_json(exact, at, tensors)) + '\n'
                             : report::inspect_text(exact, at, tensors, session.terminal.look().out.width));
  return kExitFits;
}

}  // namespace

extern const Command inspect;
const Command inspect{
    .name = "inspect",
    .order = 40,
    .usage = "MODEL [vLLM flags] [options]",
    .summary = "Every tensor of a rank: shape, type, division, bytes",
    .about =
        "Lists the parameters and buffers that vLLM creates for MODEL on one rank, as the given flags make it; of a "
        ".gguf file, the tensors and the metadata that it holds.",
    .word = "MODEL",
    .passes_on = true,
    .options = options,
    .exit = "0 answered, 2 the command or an input is wrong.",
    .example = "inspect Qwen/Qwen3-8B --gpu 4090",
    .run = run,
};

}  // namespace vram::cli::commands
