#include "question.h"

#include <algorithm>

#include "io/calibrations.h"
#include "io/files.h"
#include "io/load.h"
#include "options/request_form.h"
#include "progress.h"
#include "report/explanation.h"
#include "report/formats.h"
#include "report/report_text.h"
#include "report/sentences.h"
#include "units/text.h"
#include "vllm/arguments.h"

namespace vram::cli {

std::optional<Error> read_gpu(const Arguments& arguments, options::GpuForm& form, const std::string& instead) {
  form.name = arguments.text("--gpu").value_or(instead);
  if (form.name == "detect") form.name.clear();
  const auto memory = arguments.text("--gpu-memory-gib");
  form.detect = form.name.empty() && !memory;
  if (!memory) return std::nullopt;
  const auto amount = read_number(*memory);
  constexpr double kMost = 1e6;
  if (!amount || *amount <= 0 || *amount > kMost)
    return Error{ErrorCode::kBadInput, "--gpu-memory-gib", "expected GiB over 0, found \"" + *memory + '"', ""};
  form.total = Bytes(std::int64_t(*amount * double(kGiB)));
  return std::nullopt;
}

namespace {

/// Both or neither.
Result<std::optional<plan::Workload>> read_workload(const Arguments& arguments) {
  const auto requests = arguments.text("--concurrent-requests"), tokens = arguments.text("--context-tokens");
  if (!requests && !tokens) return std::optional<plan::Workload>();
  if (!requests || !tokens)
    return Error{ErrorCode::kBadInput, requests ? "--concurrent-requests" : "--context-tokens",
                 "the other half of the workload is missing",
                 requests ? "add --context-tokens" : "add --concurrent-requests"};
  const auto number = read_count(*requests, "--concurrent-requests"), length = read_count(*tokens, "--context-tokens");
  if (!number) return number.error();
  if (!length) return length.error();
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  if (*number < 1 || *number > kMost || *length < 1 || *length > kMost)
    return Error{ErrorCode::kBadInput, "--concurrent-requests, --context-tokens", "expected whole numbers from 1 on",
                 ""};
  return std::optional(plan::Workload{*number, *length});
}

constexpr Bytes kMostAlso(4 * kMiB);

/// Requests of a file: JSON lines.
std::optional<Error> read_requests(const std::string& path, json::Array& entries) {
  const auto text = io::read_file(path, kMostAlso);
  if (!text) return text.error();
  for (std::string_view rest = *text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto value = json::parse(line, path);
    if (!value) return value.error();
    entries.push_back(*std::move(value));
  }
  return std::nullopt;
}

/// "12GiB", "a notebook 12GiB", a file of requests; several with commas between.
Result<json::Array> read_also(const std::string& also) {
  json::Array entries;
  for (std::string_view rest = also; !rest.empty();) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    const std::size_t blank = item.rfind(' ');
    const bool named = blank != std::string_view::npos;
    const auto bytes = read_bytes(named ? item.substr(blank + 1) : item, "--also");
    if (!bytes) {
      if (auto error = read_requests(std::string(item), entries)) return *std::move(error);
      continue;
    }
    json::Object entry;
    entry.set("held_bytes", json::Value(bytes->count()));
    if (named) entry.set("name", json::Value(item.substr(0, blank)));
    entries.emplace_back(std::move(entry));
  }
  return entries;
}

}  // namespace

std::vector<Option> question_options() {
  return {{"--gpu", "NAME[xN]", "GPU, or unlike ones: 3090,4090 (default: those here)"},
          {"--gpu-memory-gib", "X", "Its memory, whatever the catalogue says of it"},
          {"--vllm-version", "RELEASE", "Release, dev build or date (default: the newest)"},
          {"--calibration", "NAME", "Moved by what `calibrate` learnt (default: none)"},
          {"--also", "SIZE|FILE", "What is on the GPU already: 12GiB, or requests in JSON"},
          {"--env", "NAME=VALUE", "vLLM's environment: VLLM_PP_LAYER_PARTITION=30,50"},
          {"--concurrent-requests", "N", "What is to be served at once, beside --context-tokens"},
          {"--context-tokens", "N", "Length of each of those requests"}};
}

Result<std::int64_t> count_or(const Arguments& arguments, std::string_view flag, std::int64_t fallback) {
  constexpr std::int64_t kMost = std::int64_t{1} << 28;
  const auto text = arguments.text(flag);
  if (!text) return fallback;
  auto count = read_count(*text, flag);
  if (count && (*count < 1 || *count > kMost))
    return Error{ErrorCode::kBadInput, std::string(flag),
                 "expected a whole number from 1 to 268,435,456, found \"" + *text + '"', ""};
  return count;
}

Result<int> no_launch(const Error& error, const Session& session) {
  if (error.code != ErrorCode::kRefused) return error;
  session.terminal.complain(error);
  return kExitRefused;
}

Result<plan::Request> read_question(const Arguments& arguments, const Session& session, std::string_view kind,
                                    const Instead& instead) {
  options::RequestForm form;
  if (const auto version = arguments.text("--vllm-version")) {
    auto engine = vllm::read_engine(*version);
    if (!engine) return engine.error();
    form.engine = *std::move(engine);
  }
  auto line = vllm::read_launch_line(arguments.rest(), form.engine);
  if (!line) return line.error();
  if (line->model.empty()) line->model = instead.model;
  if (line->model.empty())
    return Error{ErrorCode::kBadInput, "MODEL", "no model is named",
                 "give a name of `vram-estimator models`, a folder or a config.json"};
  form.model.source = std::string(kind) + line->model;
  form.args = line->arguments;
  for (const auto& [name, value] : line->environment) form.environment.emplace_back(name, value);
  if (const auto variable = arguments.text("--env")) {
    const std::size_t equals = variable->find('=');
    if (equals == std::string::npos || equals == 0)
      return Error{ErrorCode::kBadInput, "--env", "expected NAME=VALUE, found \"" + *variable + '"', ""};
    form.environment.emplace_back(variable->substr(0, equals), variable->substr(equals + 1));
  }
  if (const auto also = arguments.text("--also")) {
    auto entries = read_also(*also);
    if (!entries) return entries.error();
    form.also = *std::move(entries);
  }
  if (auto error = read_gpu(arguments, form.gpu, instead.gpu)) return *std::move(error);
  auto workload = read_workload(arguments);
  if (!workload) return workload.error();
  form.workload = *workload;
  if (const auto name = arguments.text("--calibration")) {
    auto calibration = io::load_calibration(*name);
    if (!calibration) return calibration.error();
    form.calibration = *std::move(calibration);
  }
  return io::complete(form, {session.detect,
                             arguments.text("--registry"),
                             [&](const Error& warning) { session.terminal.warn(warning); },
                             {.hub = true, .progress = progress_on(session.terminal)}});
}

std::vector<Option> output_options(std::string_view quiet) {
  return {{"--json", "", "For programs: the report as JSON, in bytes"},
          {"--format", "NAME", "launch, docker, kubernetes, csv, markdown, ..."},
          {"--quiet", "", "The verdict line only", quiet},
          {"--verbose", "", "Components and assumptions too", quiet.empty() ? "" : "-v"},
          {"--log", "", "Only the lines that vLLM prints"},
          {"--explain", "PART", "Why a part is so large: kv_cache, weights, ..."},
          {"--bar", "", "Draw the memory bar also without a terminal"},
          {"--strict", "", "Exit status 1 when it is unsure whether vLLM starts"}};
}

Result<int> show(const plan::Request& request, const plan::Report& report, const Arguments& arguments,
                 const Session& session) {
  const Terminal& terminal = session.terminal;
  const auto format = arguments.flag("--json") ? std::optional<std::string>("json") : arguments.text("--format");
  if (report.verdict.reason == plan::Reason::kUnsupportedModel && format != "json") {
    terminal.complain({ErrorCode::kUnsupported, "", report.verdict.message.value_or(""), ""});
    return kExitMisuse;
  }
  report::TextStyle style = terminal.look().out;
  style.bar = style.bar || arguments.flag("--bar");
  style.verbose = arguments.flag("--verbose");
  if (format) {
    const auto text = report::formatted({request, report}, *format);
    if (!text) return text.error();
    terminal.print(*text);
  } else if (arguments.flag("--quiet"))
    terminal.print(report::verdict_sentence(report) + '\n');
  else if (arguments.flag("--log"))
    terminal.print(report::log_text(report));
  else if (const auto part = arguments.text("--explain")) {
    const auto text = report::explanation(report, *part, style);
    if (!text) return text.error();
    terminal.print(*text);
  } else
    terminal.print(report::report_text(report, style));
  if (report.verdict.reason == plan::Reason::kUnsupportedModel) return kExitMisuse;
  if (report::is_unsure(report.verdict)) return arguments.flag("--strict") ? kExitRefused : kExitFits;
  return report.verdict.fits ? kExitFits : kExitRefused;
}

std::optional<Error> model_beside_figures(const Command& command, const Arguments& arguments) {
  for (const std::string& word : arguments.rest())
    if (word.size() > 1 && word[0] == '-') return unknown_option(command, word);
  if (arguments.rest().empty()) return std::nullopt;
  return Error{ErrorCode::kBadInput, arguments.rest().front(), "a model cannot go with the figures of one",
               "leave either out"};
}

}  // namespace vram::cli
