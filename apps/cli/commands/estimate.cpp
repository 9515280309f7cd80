// estimate: memory for a given context.
#include "command.h"
#include "formula_request.h"
#include "gguf_mode.h"
#include "json/write.h"
#include "model_mode.h"
#include "question.h"
#include "report/formula_json.h"
#include "report/formula_text.h"

namespace vram::cli::commands {

extern const Command estimate;

namespace {

constexpr NumberFlag kContextK{"--context-k", formula::kContextK};
constexpr double kDefaultContextK = 8;

std::vector<Option> options() {
  std::vector<Option> all = model_figures();
  all.push_back({"--context-k", "X", "Context, in units of 1024 tokens (default: 8)"});
  for (const Option& option : overheads()) all.push_back(option);
  for (const Option& option : question_options()) all.push_back(option);
  for (const Option& option : output_options("-q")) all.push_back(option);
  return all;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  if (names_gguf(arguments.rest(), arguments)) return estimate_gguf(arguments.rest(), arguments, session);
  if (!arguments.rest().empty() && !asks_for_formula(arguments)) return estimate_model(arguments, session);
  if (auto error = model_beside_figures(estimate, arguments)) return *std::move(error);
  const auto read = read_formula_request(arguments, session, "estimate", {});
  if (!read) return read.error();
  const auto context_k = number_or(arguments, kContextK, kDefaultContextK);
  if (!context_k) return context_k.error();

  const formula::Estimate estimate = formula::estimate(read->request, *context_k);
  if (arguments.flag("--json")) {
    session.terminal.print(json::write_pretty(report::estimate_json(estimate)) + '\n');
    return kExitFits;
  }
  session.terminal.print(report::estimate_text(estimate, session.terminal.look().out.width));
  if (!read->chosen_profile.empty()) session.terminal.print("\n  " + read->chosen_profile + '\n');
  return kExitFits;
}

}  // namespace

const Command estimate{
    .name = "estimate",
    .order = 10,
    .usage = "MODEL [vLLM flags] [options], or its figures",
    .summary = "Memory that a model takes at a given context",
    .about =
        "What `vllm serve MODEL` does with a GPU's memory: whether it starts, what each byte is for, what it prints. "
        "MODEL is a name of the catalogue, a folder or a config.json. Without one: weights, KV cache and overheads by "
        "the formula, from the model's figures.",
    .word = "MODEL",
    .passes_on = true,
    .options = options,
    .exit = "0 it starts or is answered, 1 it would be refused, 2 the command or an input is wrong.",
    .example = "estimate Qwen/Qwen3-8B --gpu 4090 --max-model-len 32768",
    .run = run,
};

}  // namespace vram::cli::commands
