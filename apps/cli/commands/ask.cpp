// ask: a set-up in a sentence.
#include "options/ask.h"

#include "io/answer.h"
#include "json/write.h"
#include "plan/suggestions.h"
#include "progress.h"
#include "question.h"
#include "report/ask_json.h"
#include "report/report_json.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  std::vector<Option> all = {{"--read", "", "Only what the words were read as, as JSON"}};
  for (const Option& option : output_options("-q")) all.push_back(option);
  return all;
}

std::string read_as(const options::Asked& asked) {
  std::string text = "Read as";
  const char* between = " ";
  for (const options::Understood& each : asked.understood) {
    text += between + each.meaning;
    between = ", ";
  }
  for (const std::string& words : asked.not_understood) text += "; not understood: " + words;
  for (const std::string& hint : asked.hints) text += "; " + hint;
  return text;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  std::string text;
  for (const std::string& word : arguments.rest()) text += (text.empty() ? "" : " ") + word;
  const options::Asked asked = options::ask(text);
  if (arguments.flag("--read")) {
    session.terminal.print(json::write_pretty(report::ask_json(asked)) + '\n');
    return kExitFits;
  }
  if (!asked.request.find("model"))
    return Error{ErrorCode::kBadInput, '"' + text.substr(0, 200) + '"', "no model is named in it",
                 "say one, as in: vram-estimator ask qwen3 32b fp8 on 2x4090 32K ctx"};
  session.terminal.say(read_as(asked));
  const io::Machine machine{session.detect, {}, {}, {.hub = true, .progress = progress_on(session.terminal)}};
  const auto form = options::read_request(json::Value(asked.request));
  if (!form) return form.error();
  if (form->model.formula) {
    session.terminal.print(json::write_pretty(io::answer(*form, machine)) + '\n');
    return kExitFits;
  }
  const auto request = io::complete(*form, machine);
  if (!request) return request.error();
  const auto report = plan::advise(*request);
  if (!report) return report.error();
  return show(*request, *report, arguments, session);
}

}  // namespace

extern const Command ask;
const Command ask{
    .name = "ask",
    .order = 35,
    .usage = "WORDS... [options]",
    .summary = "The same from a sentence: qwen3 32b fp8 on 2x4090 32K ctx",
    .about =
        "Reads a set-up from words in any order and answers it: a model, a card and how many, a length, vLLM's own "
        "arguments, a release. What it read and what it did not goes to standard error.",
    .word = "WORDS",
    .passes_on = true,
    .options = options,
    .exit = "0 starts, 1 would be refused, 2 no model was named or an input is wrong.",
    .example = "ask qwen3 32b fp8 on 2x4090 32K ctx",
    .run = run,
};

}  // namespace vram::cli::commands
