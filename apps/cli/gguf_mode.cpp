#include "gguf_mode.h"

#include "command.h"
#include "io/gguf_file.h"
#include "io/gguf_request.h"
#include "io/ollama.h"
#include "json/write.h"
#include "question.h"
#include "report/gguf_text.h"
#include "report/llamacpp_report.h"

namespace vram::cli {

std::optional<std::string> named_gguf(std::span<const std::string> words) {
  for (const std::string& word : words)
    if (!word.starts_with('-') && io::names_gguf(word)) return word;
  return std::nullopt;
}

Result<int> estimate_gguf(std::span<const std::string> words, const Arguments& arguments, const Session& session) {
  auto launch = llamacpp::read_words(words);
  if (!launch) return launch.error();
  options::RequestForm form;
  form.model.source = launch->model;
  form.args = std::move(launch->args);
  if (auto error = read_gpu(arguments, form.gpu)) return *std::move(error);
  const auto request = io::complete_gguf(form, {session.detect});
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
  const bool unsure = report->verdict.probability_fits > 0.05 && report->verdict.probability_fits < 0.95;
  if (unsure) return arguments.flag("--strict") ? kExitRefused : kExitFits;
  return report->verdict.fits ? kExitFits : kExitRefused;
}

Result<int> inspect_gguf(const std::string& model, const Arguments& arguments, const Session& session) {
  const auto blob = model.starts_with("ollama:") ? io::find_ollama(std::string_view(model).substr(7))
                                                 : Result<io::OllamaModel>(io::OllamaModel{model, "", {}});
  if (!blob) return blob.error();
  const auto file = io::load_gguf(blob->model);
  if (!file) return file.error();
  session.terminal.print(arguments.flag("--json") ? json::write_pretty(report::gguf_json(*file, model)) + '\n'
                                                  : report::gguf_text(*file, model, session.terminal.look().out.width));
  return kExitFits;
}

}  // namespace vram::cli
