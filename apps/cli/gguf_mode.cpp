#include "gguf_mode.h"

#include <algorithm>

#include "command.h"
#include "io/gguf_request.h"
#include "json/write.h"
#include "llamacpp/max_context.h"
#include "progress.h"
#include "question.h"
#include "report/gguf_text.h"
#include "report/llamacpp_report.h"

namespace vram::cli {

namespace {

/// The words' model and flags, and the GPU that the command's own options name.
Result<options::RequestForm> read_form(std::span<const std::string> words, const Arguments& arguments) {
  auto launch = llamacpp::read_words(words);
  if (!launch) return launch.error();
  options::RequestForm form;
  form.model.source = launch->model;
  form.args = std::move(launch->args);
  if (auto error = read_gpu(arguments, form.gpu)) return *std::move(error);
  return form;
}

io::Machine machine_of(const Arguments& arguments, const Session& session) {
  return {session.detect, arguments.text("--registry"), {}, {.hub = true, .progress = progress_on(session.terminal)}};
}

int status_of(const llamacpp::Report& report, const Arguments& arguments) {
  const bool unsure = report.verdict.probability_fits > 0.05 && report.verdict.probability_fits < 0.95;
  if (unsure) return arguments.flag("--strict") ? kExitRefused : kExitFits;
  return report.verdict.fits ? kExitFits : kExitRefused;
}

}  // namespace

bool names_gguf(std::span<const std::string> words, const Arguments& arguments) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    if (llamacpp::is_hub_flag(word)) return true;
    if (word.starts_with('-')) return false;
    const auto found = io::find_gguf(word, {{}, arguments.text("--registry"), {}});
    return !found || *found;
  });
}

Result<int> estimate_gguf(std::span<const std::string> words, const Arguments& arguments, const Session& session) {
  const auto form = read_form(words, arguments);
  if (!form) return form.error();
  const auto request = io::complete_gguf(*form, machine_of(arguments, session));
  if (!request) return request.error();
  const auto report = llamacpp::plan(*request);
  if (!report) return report.error();
  report::TextStyle style = session.terminal.look().out;
  style.verbose = arguments.flag("--verbose");
  std::string text;
  if (arguments.flag("--json"))
    text = json::write_pretty(report::llamacpp_json(*report)) + '\n';
  else if (arguments.flag("--quiet"))
    text = report::llamacpp_sentence(*report) + '\n';
  else if (arguments.flag("--log"))
    for (const std::string& line : report->log) text += line + '\n';
  else
    text = report::llamacpp_text(*report, style);
  session.terminal.print(text);
  return status_of(*report, arguments);
}

Result<int> max_context_gguf(const Arguments& arguments, const Session& session) {
  const auto form = read_form(arguments.rest(), arguments);
  if (!form) return form.error();
  const auto request = io::complete_gguf(*form, machine_of(arguments, session));
  if (!request) return request.error();
  const auto found = llamacpp::max_context(*request);
  if (!found) return found.error();
  if (arguments.flag("--json")) {
    json::Object answer;
    answer.set("context_tokens", json::Value(found->context.count()));
    answer.set("limited_by", json::Value(found->limited_by_model ? "model" : "memory"));
    answer.set("report", report::llamacpp_json(found->report));
    session.terminal.print(json::write_pretty(json::Value(std::move(answer))) + '\n');
  } else {
    session.terminal.print(report::llamacpp_context_text(*found, session.terminal.look().out));
  }
  return found->context > Tokens(0) ? kExitFits : kExitRefused;
}

Result<int> inspect_gguf(const Arguments& arguments, const Session& session) {
  const auto launch = llamacpp::read_words(arguments.rest());
  if (!launch) return launch.error();
  const auto source = io::find_gguf(launch->model, machine_of(arguments, session));
  if (!source) return source.error();
  if (!*source) return Error{ErrorCode::kNotFound, launch->model, "it is no GGUF file here", ""};
  const auto file = io::load_source(**source, machine_of(arguments, session).reach);
  if (!file) return file.error();
  session.terminal.print(arguments.flag("--json")
                             ? json::write_pretty(report::gguf_json(*file, launch->model)) + '\n'
                             : report::gguf_text(*file, launch->model, session.terminal.look().out.width));
  return kExitFits;
}

}  // namespace vram::cli
