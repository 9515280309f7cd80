// diagnose: a start-up log explained.
#include "diagnosis/diagnose.h"

#include "command.h"
#include "json/write.h"
#include "report/diagnosis_json.h"
#include "report/diagnosis_text.h"
#include "start_logs.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  std::vector<Option> all = log_options();
  all.push_back({"--json", "", "For programs: one JSON object"});
  return all;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const auto question = read_log_question(arguments);
  if (!question) return question.error();
  if (question->logs.size() > 1)
    return Error{ErrorCode::kBadInput, '"' + question->logs[1] + '"', "diagnose takes one LOG", ""};
  const auto text = read_log(question->logs.front());
  if (!text) return text.error();
  const diagnosis::Diagnosis found = diagnosis::diagnose(logs::read(*text), question->told, completing(session));
  session.terminal.print(arguments.flag("--json") ? json::write_pretty(report::diagnosis_json(found)) + '\n'
                                                  : report::diagnosis_text(found, session.terminal.look().out));
  return found.start.outcome == logs::Outcome::kStarted ? kExitFits : kExitRefused;
}

}  // namespace

extern const Command diagnose;
const Command diagnose{
    .name = "diagnose",
    .order = 50,
    .usage = "LOG|- [options] [vLLM flags]",
    .summary = "What a vLLM start-up log says happened, and what would have worked",
    .about =
        "Reads the log of a start of any release: how it ended and which line proves it, what it states beside what "
        "is predicted, and the smallest change that works, planned again. Flags complete what the log leaves out.",
    .word = "LOG",
    .passes_on = true,
    .options = options,
    .exit = "0 it started, 1 it did not or its end is missing, 2 the command or an input is wrong.",
    .example = "diagnose vllm.log --gpu 4090",
    .run = run,
};

}  // namespace vram::cli::commands
