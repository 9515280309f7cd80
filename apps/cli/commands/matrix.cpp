// matrix: context length against requests at once.
#include "command.h"
#include "json/write.h"
#include "question.h"
#include "report/limits_text.h"
#include "sweep/axis.h"
#include "units/text.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  std::vector<Option> all = {
      {"--contexts", "VALUES", "Lengths, as 4k,8k or 4k:64k:x2 (default: doubles up to the model's own)"},
      {"--requests", "VALUES", "Requests at once, likewise (default: 1:64:x2)"},
      {"--csv", "", "A line a cell, in tokens and bytes"},
      {"--json", "", "For programs: one JSON object, in tokens and bytes"}};
  for (const Option& option : question_options()) all.push_back(option);
  return all;
}

Result<std::vector<std::int64_t>> read_counts(const std::string& text, const std::string& option) {
  constexpr std::int64_t kMost = std::int64_t{1} << 28;
  const auto axis = sweep::read_axis(option + '=' + text);
  if (!axis) return Error{ErrorCode::kBadInput, option, axis.error().problem, "write A,B,C or FIRST:LAST:x2"};
  std::vector<std::int64_t> counts;
  for (const std::string& value : axis->values) {
    const auto count = read_count(value, option);
    if (!count) return count.error();
    if (*count < 1 || *count > kMost)
      return Error{ErrorCode::kBadInput, option, "expected whole numbers from 1 on, found " + value, ""};
    counts.push_back(*count);
  }
  return counts;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const auto request = read_question(arguments, session);
  if (!request) return request.error();
  const auto requests = read_counts(arguments.text("--requests").value_or("1:64:x2"), "--requests");
  if (!requests) return requests.error();
  plan::Deriver deriver;
  auto variations = plan::Variations::of(*request, deriver);
  if (!variations) return no_launch(variations.error(), session);
  std::vector<Tokens> contexts = plan::usual_contexts(*variations);
  if (const auto given = arguments.text("--contexts")) {
    const auto lengths = read_counts(*given, "--contexts");
    if (!lengths) return lengths.error();
    contexts.clear();
    for (const std::int64_t length : *lengths) contexts.emplace_back(length);
  }
  const plan::Matrix matrix = plan::matrix_of(*variations, contexts, *requests);
  if (arguments.flag("--json"))
    session.terminal.print(json::write_pretty(report::matrix_json(matrix)) + '\n');
  else if (arguments.flag("--csv"))
    session.terminal.print(report::matrix_csv(matrix));
  else
    session.terminal.print(report::matrix_text(matrix, *request, session.terminal.look().out));
  for (const plan::MatrixRow& row : matrix.rows)
    for (const plan::MatrixCell& cell : row.cells)
      if (cell.fits) return kExitFits;
  return kExitRefused;
}

}  // namespace

extern const Command matrix;
const Command matrix{
    .name = "matrix",
    .order = 26,
    .usage = "MODEL [vLLM flags] [options]",
    .summary = "Context length against requests at once: what fits",
    .about =
        "A row a context length, a column a number of requests at once: the GiB that a GPU needs for them, and whether "
        "a launch with that --max-model-len holds them.",
    .word = "MODEL",
    .passes_on = true,
    .options = options,
    .exit = "0 some cell fits, 1 none does, 2 the command or an input is wrong.",
    .example = "matrix Qwen/Qwen3-8B --gpu 4090 --contexts 2k:32k:x2",
    .run = run,
};

}  // namespace vram::cli::commands
