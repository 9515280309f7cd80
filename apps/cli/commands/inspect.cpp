// inspect: every tensor of a rank.
#include "plan/inspect.h"

#include <algorithm>

#include "command.h"
#include "gguf_mode.h"
#include "json/write.h"
#include "plan/unlike.h"
#include "question.h"
#include "report/inspect_text.h"

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
  auto deployment = plan::resolve(*request);
  if (!deployment) return deployment.error();
  const auto exact = plan::derive(*request->model, *std::move(deployment));
  if (!exact) return exact.error();
  const std::string stage_text = arguments.text("--stage").value_or("0");
  const std::size_t stage = stage_text.size() < 4 && stage_text.find_first_not_of("0123456789") == std::string::npos
                                ? std::size_t(std::stoul(stage_text))
                                : exact->stages().size();
  if (stage >= exact->stages().size())
    return Error{
        ErrorCode::kBadInput, "--stage",
        "expected a stage from 0 to " + std::to_string(exact->stages().size() - 1) + ", found \"" + stage_text + '"',
        ""};
  const auto tensors = plan::inspect(*exact, stage);
  if (!tensors) return tensors.error();
  session.terminal.print(arguments.flag("--json")
                             ? json::write_pretty(report::inspect_json(*exact, stage, *tensors)) + '\n'
                             : report::inspect_text(*exact, stage, *tensors, session.terminal.look().out.width));
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
