// registry estimate: what serving an entry takes, by vLLM's rules where its model can be read, else by the formula.
#include <algorithm>

#include "formula_request.h"
#include "gguf_mode.h"
#include "io/files.h"
#include "io/gguf_request.h"
#include "json/write.h"
#include "question.h"
#include "registry/metrics_log.h"
#include "registry_entry.h"
#include "report/formula_json.h"
#include "report/formula_text.h"
#include "units/text.h"

namespace vram::cli::commands {
namespace {

constexpr Bytes kMostLog(256 * kMiB);
constexpr double kDefaultContextK = 8;
constexpr NumberFlag kContextK{"--context-k", formula::kContextK};
constexpr NumberFlag kBatch{"--batch", formula::kBatch};

std::vector<Option> options() {
  std::vector<Option> all = {{"--formula", "", "By the formula also where the model can be read"},
                             {"--metrics-log", "FILE", "What was seen when it ran: JSON lines of the existing tool"},
                             {"--context-k", "X", "Of the formula: context (default: the entry's)"},
                             {"--batch", "N", "Of the formula: sequences at once (default: 1)"}};
  all.push_back(registry_option());
  for (const Option& option : overheads())
    if (option.name != "--bytes-per-param" && option.name != "--kv-bytes") all.push_back(option);
  for (const Option& option : question_options()) all.push_back(option);
  for (const Option& option : output_options("-q")) all.push_back(option);
  return all;
}

/// MODEL of the words for vLLM: the entry's name.
std::string entry_name(const Arguments& arguments) {
  for (const std::string& word : arguments.rest())
    if (!word.starts_with('-')) return word;
  return "";
}

Result<std::optional<registry::Snapshot>> read_snapshot(const Arguments& arguments, const registry::Entry& entry) {
  const auto file = arguments.text("--metrics-log");
  if (!file) return std::optional<registry::Snapshot>();
  const auto log = io::read_file(*file, kMostLog);
  if (!log) return log.error();
  return registry::last_snapshot(*log, entry);
}

std::string seen_line(const registry::Snapshot& seen) {
  return "\n  Seen " + (seen.timestamp.empty() ? "" : seen.timestamp + ": ") + fixed(seen.used_gib, 2) + " GiB used, " +
         with_commas(seen.context_tokens) + " tokens, " + with_commas(seen.batch) + " at once.\n";
}

Error lacking(const registry::Entry& entry, const std::vector<std::string>& missing, const Error& why) {
  std::string names;
  for (const std::string& name : missing) names += (names.empty() ? "" : ", ") + name;
  return {ErrorCode::kNotFound, "registry: \"" + entry.name + '"', why.problem + ", and the entry lacks " + names,
          "give it a model_path that is here, or a source.huggingface_id of the catalogue"};
}

std::string origins(const registry::Prefill& prefill) {
  std::string text;
  const auto add = [&](const char* name, const std::optional<registry::Figure>& figure) {
    if (figure)
      text += "    " + std::string(name) + ' ' + python_float(figure->value) + ", from " + figure->from + '\n';
  };
  add("params_billion", prefill.params_billion);
  add("layers", prefill.layers);
  add("kv_heads", prefill.kv_heads);
  add("head_dim", prefill.head_dim);
  return "\n  By the formula, from\n" + text;
}

Result<int> by_formula(const registry::Entry& entry, const Arguments& arguments, const Session& session) {
  registry::Prefill prefill = registry::prefill(entry);
  const auto model = io::model_of(entry);
  if (model) take_config(prefill, **model);
  if (const auto missing = prefill.missing(); !missing.empty())
    return lacking(entry, missing,
                   model ? Error{ErrorCode::kNotFound, "", "its model is not modelled", ""} : model.error());
  if (arguments.rest().size() > 1)
    session.terminal.warn({ErrorCode::kUnsupported, "registry: \"" + entry.name + '"',
                           "the formula does not know vLLM's flags", "they are left out"});
  std::string how;
  const auto profile = read_profile(arguments, session, how);
  if (!profile) return profile.error();
  const auto seen = read_snapshot(arguments, entry);
  if (!seen) return seen.error();
  formula::Request request = prefill.request(*profile);
  double context = prefill.context_tokens ? prefill.context_tokens->value / 1024 : kDefaultContextK;
  if (arguments.has("--vision")) request.profile.vision_gib = profile->vision_gib;
  if (*seen) {
    request = registry::with_snapshot(request, **seen);
    if ((*seen)->context_tokens > 0) context = double((*seen)->context_tokens) / 1024;
  }
  const auto context_k = number_or(arguments, kContextK, context),
             batch = number_or(arguments, kBatch, double(request.batch));
  if (!context_k) return context_k.error();
  if (!batch) return batch.error();
  request.batch = std::int64_t(*batch);

  const formula::Estimate estimate = formula::estimate(request, *context_k);
  if (arguments.flag("--json")) {
    session.terminal.print(
        json::write_pretty(report::formula_report_json(estimate, formula::unknown_names(request), std::nullopt)) +
        '\n');
    return kExitFits;
  }
  session.terminal.print(report::estimate_text(estimate, session.terminal.look().out.width) + origins(prefill) +
                         (how.empty() ? "" : "\n  " + how + '\n') + (*seen ? seen_line(**seen) : ""));
  return kExitFits;
}

Result<int> by_plan(const registry::Entry& entry, const Arguments& arguments, const Session& session) {
  const auto request = read_question(arguments, session, "registry:");
  if (!request) return request.error();
  const auto seen = read_snapshot(arguments, entry);
  if (!seen) return seen.error();
  const auto report = plan::plan(*request);
  if (!report) return report.error();
  const auto status = show(*request, *report, arguments, session);
  if (!status) return status.error();
  const bool text = !arguments.flag("--json") && !arguments.flag("--quiet") && !arguments.text("--format");
  if (*seen && text) session.terminal.print(seen_line(**seen));
  return *status;
}

/// The words for llama.cpp, with the entry named as a model is.
std::vector<std::string> with_registry_name(const registry::Entry& entry, const Arguments& arguments) {
  std::vector<std::string> words = arguments.rest();
  const auto name = std::find(words.begin(), words.end(), entry.name);
  if (name != words.end()) *name = "registry:" + entry.name;
  return words;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const auto entry = read_entry(arguments, entry_name(arguments));
  if (!entry) return entry.error();
  const bool figures = arguments.flag("--formula") || arguments.has("--context-k") || arguments.has("--batch") ||
                       arguments.has("--profile");
  const auto gguf =
      io::find_gguf("registry:" + entry->name, {{}, arguments.text("--registry"), {}, {.hub = true, .progress = {}}});
  if (!figures && gguf && *gguf) {
    auto answer = estimate_gguf(with_registry_name(*entry, arguments), arguments, session);
    if (answer || !(*gguf)->remote) return answer;  // without the hub, the entry's own figures may do
  }
  const bool readable = entry->backend == registry::Backend::kVllm && io::model_of(*entry);
  return readable && !figures ? by_plan(*entry, arguments, session) : by_formula(*entry, arguments, session);
}

}  // namespace

extern const Command registry_estimate;
const Command registry_estimate{
    .name = "registry estimate",
    .order = 73,
    .usage = "NAME [vLLM flags] [options]",
    .summary = "Memory that an entry takes, launched as it says",
    .about =
        "Plans entry NAME with its own extra_args, and with the flags given here in their place. Where its model "
        "cannot be read, the formula is asked with the entry's figures; where those are not enough, it says which "
        "are missing.",
    .word = "NAME",
    .passes_on = true,
    .options = options,
    .exit = "0 it starts or is answered, 1 it would be refused, 2 the command, the registry or the entry is wrong.",
    .example = "registry estimate my-model --gpu 4090 --registry model_registry.json",
    .run = run,
};

}  // namespace vram::cli::commands
