// max-context: the longest context that a memory size holds.
#include "command.h"
#include "formula_request.h"
#include "gguf_mode.h"
#include "json/write.h"
#include "model_mode.h"
#include "question.h"
#include "report/formula_json.h"
#include "report/formula_text.h"

namespace vram::cli::commands {

extern const Command max_context;

namespace {

constexpr std::string_view kBudget[] = {"--total-vram-gib"};
constexpr NumberFlag kTotalVramGib{"--total-vram-gib", formula::kTotalVramGib};
constexpr NumberFlag kMaxContextK{"--max-context-k", formula::kMaxContextK};
constexpr double kOneTokenInK = 1.0 / 1024;

std::vector<Option> options() {
  std::vector<Option> all = {{"--total-vram-gib", "GIB", "Memory there is"}};
  for (const Option& option : model_figures()) all.push_back(option);
  all.push_back({"--max-context-k", "X", "Longest context to look at, in units of 1024 tokens (default: 256)"});
  for (const Option& option : overheads()) all.push_back(option);
  for (const Option& option : question_options()) all.push_back(option);
  all.push_back({"--concurrency", "N", "Of a MODEL: the longest context of which so many fit at once (default: 1)"});
  all.push_back({"--json", "", "For programs: one JSON object, at full precision"});
  return all;
}

void print(const formula::MaxContext& found, const FormulaRequest& read, const std::string& limit,
           const Terminal& terminal) {
  terminal.print(report::max_context_text(found, terminal.look().out.width));
  if (found.at_limit || !read.chosen_profile.empty()) terminal.print("\n");
  if (found.at_limit) terminal.print("  Memory has room for more than --max-context-k " + limit + ".\n");
  if (!read.chosen_profile.empty()) terminal.print("  " + read.chosen_profile + '\n');
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const bool formula_flags = asks_for_formula(arguments);
  if (!formula_flags && names_gguf(arguments.rest(), arguments)) return max_context_gguf(arguments, session);
  if (!arguments.rest().empty() && !formula_flags) return max_context_model(arguments, session);
  if (arguments.has("--concurrency"))
    return Error{ErrorCode::kBadInput, "--concurrency", "it goes with a MODEL", "the figures of one take --batch"};
  if (auto error = model_beside_figures(max_context, arguments)) return *std::move(error);
  const auto read = read_formula_request(arguments, session, "max-context", kBudget);
  if (!read) return read.error();
  const auto total_vram_gib = number_or(arguments, kTotalVramGib, 0);
  if (!total_vram_gib) return total_vram_gib.error();
  const auto max_context_k = number_or(arguments, kMaxContextK, formula::kDefaultMaxContextK);
  if (!max_context_k) return max_context_k.error();

  const formula::MaxContext found = formula::max_context(read->request, *total_vram_gib, *max_context_k);
  if (arguments.flag("--json"))
    session.terminal.print(json::write_pretty(report::max_context_json(found)) + '\n');
  else
    print(found, *read, arguments.text("--max-context-k").value_or("256"), session.terminal);
  const double with_one = formula::estimate(read->request, kOneTokenInK).total_gib;
  const std::string shortage = report::shortage_text(found, *total_vram_gib, with_one);
  if (!shortage.empty()) session.terminal.say(shortage);
  return found.fits ? kExitFits : kExitRefused;
}

}  // namespace

const Command max_context{
    .name = "max-context",
    .order = 20,
    .usage = "--total-vram-gib GIB --params-billion X --layers N --kv-heads N --head-dim N [options]",
    .summary = "Longest context that a memory size holds",
    .about =
        "Longest whole number of tokens at which the estimate for a model's figures is within the memory there is.",
    .word = "MODEL",
    .passes_on = true,
    .options = options,
    .exit = "0 fits, 1 not even the weights and overheads fit, 2 the command or an input is wrong.",
    .example = "max-context --total-vram-gib 12 --params-billion 8 --layers 36 --kv-heads 8 --head-dim 128",
    .run = run,
};

}  // namespace vram::cli::commands
