// estimate: memory for a given context.
#include "command.h"
#include "formula_request.h"
#include "json/write.h"
#include "model_mode.h"
#include "report/formula_json.h"
#include "report/formula_text.h"

namespace vram::cli::commands {
namespace {

constexpr NumberFlag kContextK{"--context-k", formula::kContextK};
constexpr double kDefaultContextK = 8;

std::vector<Option> options() {
  std::vector<Option> all = model_figures();
  all.push_back({"--context-k", "X", "Context, in units of 1024 tokens (default: 8)"});
  for (const Option& option : overheads()) all.push_back(option);
  all.push_back({"--json", "", "For programs: one JSON object, at full precision"});
  return all;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  if (arguments.word() && !asks_for_formula(arguments)) return estimate_model(arguments, session);
  if (arguments.word())
    return Error{ErrorCode::kBadInput, *arguments.word(), "a model cannot go with the figures of one",
                 "leave either out"};
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

extern const Command estimate;
const Command estimate{
    .name = "estimate",
    .order = 10,
    .usage = "--params-billion X --layers N --kv-heads N --head-dim N [options]",
    .summary = "Memory that a model takes at a given context",
    .about = "GPU memory of a model from its figures: weights, KV cache and overheads, in GiB.",
    .word = "MODEL",
    .options = options,
    .exit = "0 answered, 2 the command or an input is wrong.",
    .example = "estimate --params-billion 8 --layers 36 --kv-heads 8 --head-dim 128 --context-k 32",
    .run = run,
};

}  // namespace vram::cli::commands
