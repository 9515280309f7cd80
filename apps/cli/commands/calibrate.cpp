// calibrate: what start-ups of this machine say about it, kept as a profile.
#include "command.h"
#include "diagnosis/snapshot.h"
#include "io/calibrations.h"
#include "json/write.h"
#include "options/calibration_form.h"
#include "report/calibration_text.h"
#include "start_logs.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  std::vector<Option> all = {{"--profile", "NAME", "Profile to learn into (default: default)"},
                             {"--add", "", "Keep what the profile has already"},
                             {"--list", "", "The profiles there are"},
                             {"--show", "NAME", "What a profile says"},
                             {"--export", "NAME", "The profile as JSON, to give away or to put into a request"},
                             {"--remove", "NAME", "Forget a profile"}};
  for (const Option& option : log_options()) all.push_back(option);
  all.push_back({"--json", "", "For programs: the profile as JSON"});
  return all;
}

using Observations = std::vector<plan::Observation>;

/// On this machine's GPU, where neither the log nor a flag tells another.
Result<plan::Report> planned(const logs::StartUp& start, const LogQuestion& given, const Session& session) {
  diagnosis::Question question = diagnosis::question_of(start, given.told);
  question.form.gpu.detect = !question.has_gpu();
  const auto request = diagnosis::request_of(question, completing(session));
  if (!request) return request.error();
  return plan::plan(*request);
}

Result<plan::Observation> observe_log(const logs::StartUp& start, const LogQuestion& given, const Session& session) {
  const auto report = planned(start, given, session);
  if (!report) return report.error();
  return diagnosis::observe(start, *report);
}

Result<plan::Observation> observe_snapshot(const diagnosis::Snapshot& snapshot, const LogQuestion& given,
                                           const Session& session) {
  logs::StartUp start;
  start.model = {snapshot.model, 1};
  if (snapshot.context_tokens) start.args.set("max_model_len", json::Value(*snapshot.context_tokens));
  if (snapshot.max_num_seqs) start.args.set("max_num_seqs", json::Value(*snapshot.max_num_seqs));
  const auto report = planned(start, given, session);
  if (!report) return report.error();
  return diagnosis::observe(snapshot, *report);
}

/// What one file teaches; a start that teaches nothing is a warning.
Result<Observations> learn(const std::string& name, const LogQuestion& given, const Session& session) {
  const auto text = read_log(name);
  if (!text) return text.error();
  Observations found;
  const auto take = [&](Result<plan::Observation> seen, const std::string& place) {
    if (seen) return found.push_back(*std::move(seen));
    Error warning = seen.error();
    warning.place = warning.place.empty() ? place : place + ": " + warning.place;
    session.terminal.warn(warning);
  };
  if (diagnosis::is_snapshot(*text)) {
    const auto snapshots = diagnosis::read_snapshots(*text, name);
    if (!snapshots) return snapshots.error();
    for (const diagnosis::Snapshot& snapshot : *snapshots) take(observe_snapshot(snapshot, given, session), name);
    return found;
  }
  for (const logs::StartUp& start : logs::read(*text))
    take(observe_log(start, given, session), name + ", from line " + std::to_string(start.first_line));
  return found;
}

Result<int> learn_all(const Arguments& arguments, const Session& session) {
  const auto given = read_log_question(arguments);
  if (!given) return given.error();
  plan::Calibration calibration;
  calibration.name = arguments.text("--profile").value_or("default");
  if (arguments.flag("--add"))
    if (auto kept = io::load_calibration(calibration.name)) calibration.observations = kept->observations;
  const std::size_t before = calibration.observations.size();
  for (const std::string& name : given->logs) {
    auto found = learn(name, *given, session);
    if (!found) return found.error();
    for (plan::Observation& seen : *found) calibration.observations.push_back(std::move(seen));
  }
  const std::size_t learnt = calibration.observations.size() - before;
  if (learnt == 0)
    return Error{ErrorCode::kBadInput, given->logs.front(), "nothing was learnt",
                 "give start-up logs that come as far as the size of the KV cache"};
  if (auto error = io::save_calibration(calibration)) return *std::move(error);
  session.terminal.print(arguments.flag("--json") ? json::write_pretty(options::calibration_json(calibration)) + '\n'
                                                  : report::calibration_text(calibration, session.terminal.look().out));
  return kExitFits;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const Terminal& terminal = session.terminal;
  if (const auto name = arguments.text("--remove")) {
    if (auto error = io::remove_calibration(*name)) return *std::move(error);
    return kExitFits;
  }
  if (arguments.flag("--list")) {
    for (const std::string& name : io::calibration_names()) terminal.print(name + '\n');
    return kExitFits;
  }
  const auto shown = arguments.text("--show"), exported = arguments.text("--export");
  if (!shown && !exported) return learn_all(arguments, session);
  const auto calibration = io::load_calibration(shown ? *shown : *exported);
  if (!calibration) return calibration.error();
  const bool as_json = exported || arguments.flag("--json");
  terminal.print(as_json ? json::write_pretty(options::calibration_json(*calibration)) + '\n'
                         : report::calibration_text(*calibration, terminal.look().out));
  return kExitFits;
}

}  // namespace

extern const Command calibrate;
const Command calibrate{
    .name = "calibrate",
    .order = 55,
    .usage = "LOG… [--profile NAME] [options] [vLLM flags]",
    .summary = "Learns from this machine's start-up logs what the built-in estimates miss",
    .about =
        "By how much activations, non-torch memory, graphs and loading differed from the estimates in the given "
        "start-ups. `--calibration NAME` of other commands applies it: the more alike a start-up is (release, ranks, "
        "model), the more it counts. A runtime snapshot of the existing tool is taken for a log too.",
    .word = "LOG",
    .passes_on = true,
    .options = options,
    .exit = "0 learnt or answered, 2 the command or an input is wrong, or nothing was learnt.",
    .example = "calibrate --list",
    .run = run,
};

}  // namespace vram::cli::commands
