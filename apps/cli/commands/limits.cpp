// limits: where a launch stops starting, in every direction.
#include "command.h"
#include "json/write.h"
#include "question.h"
#include "report/limits_text.h"

namespace vram::cli::commands {
namespace {

constexpr std::int64_t kRequests = 8, kContext = 8192;

std::vector<Option> options() {
  std::vector<Option> all = {{"--concurrency", "N", "Requests at once whose longest context is asked for (default: 8)"},
                             {"--context", "TOKENS", "Length of which the most requests are asked for (default: 8192)"},
                             {"--json", "", "For programs: one JSON object, in tokens and bytes"}};
  for (const Option& option : question_options()) all.push_back(option);
  return all;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const auto request = read_question(arguments, session);
  if (!request) return request.error();
  const auto requests = count_or(arguments, "--concurrency", kRequests);
  if (!requests) return requests.error();
  const auto context = count_or(arguments, "--context", kContext);
  if (!context) return context.error();
  plan::Deriver deriver;
  auto variations = plan::Variations::of(*request, deriver);
  if (!variations) return no_launch(variations.error(), session);
  const plan::Limits limits = plan::limits_of(*variations, *requests, Tokens(*context));
  const report::LimitsQuestion question{*request, *requests, Tokens(*context)};
  if (arguments.flag("--json"))
    session.terminal.print(json::write_pretty(report::limits_json(limits, question)) + '\n');
  else
    session.terminal.print(report::limits_text(limits, question, session.terminal.look().out));
  return limits.max_model_len ? kExitFits : kExitRefused;
}

}  // namespace

extern const Command limits;
const Command limits{
    .name = "limits",
    .order = 25,
    .usage = "MODEL [vLLM flags] [options]",
    .summary = "Longest, most, least and lowest that a launch still starts with",
    .about =
        "The longest --max-model-len, the longest context at a number of requests, the most requests at a context, the "
        "least GPU memory and the lowest utilization: each the last value that vLLM takes.",
    .word = "MODEL",
    .passes_on = true,
    .options = options,
    .exit = "0 some length starts, 1 none does, 2 the command or an input is wrong.",
    .example = "limits Qwen/Qwen3-8B --gpu 4090 --concurrency 16 --context 4k",
    .run = run,
};

}  // namespace vram::cli::commands
