// vllm serve: a launch line, checked before it is launched.
#include "command.h"
#include "plan/suggestions.h"
#include "question.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  std::vector<Option> all = question_options();
  for (const Option& option : output_options("")) all.push_back(option);
  return all;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const auto request = read_question(arguments, session);
  if (!request) return no_launch(request.error(), session);
  const auto report = plan::advise(*request);
  if (!report) return report.error();
  return show(*request, *report, arguments, session);
}

}  // namespace

extern const Command vllm_serve;
const Command vllm_serve{
    .name = "vllm serve",
    .order = 15,
    .usage = "MODEL [flags as typed for vLLM] [options]",
    .summary = "Checks a launch line before it is launched",
    .about = "Says whether `vllm serve MODEL …` starts, with the flags verbatim, and what it will print.",
    .word = "MODEL",
    .passes_on = true,
    .options = options,
    .exit = "0 it starts, 1 it would be refused, 2 the command itself is wrong.",
    .example = "vllm serve Qwen/Qwen3-8B --max-model-len 32k -tp 2 --gpu 2x4090",
    .run = run,
};

}  // namespace vram::cli::commands
