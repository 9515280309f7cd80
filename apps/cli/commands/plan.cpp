// plan: which GPUs, and how many, serve a workload.
#include "arguments.h"
#include "command.h"
#include "io/files.h"
#include "io/load.h"
#include "json/write.h"
#include "options/inventory.h"
#include "progress.h"
#include "report/placements_text.h"
#include "session.h"
#include "units/text.h"
#include "vllm/arguments.h"

namespace vram::cli::commands {
namespace {

constexpr Bytes kMostInventory(1 * kMiB);
constexpr std::int64_t kMostRequests = std::int64_t{1} << 31;
constexpr std::int64_t kMostGpus = 1024;

std::vector<Option> options() {
  return {{"--concurrency", "N", "Requests to be served at once"},
          {"--context", "TOKENS", "Length of each, prompt and answer together: 8192, 16k, 32K"},
          {"--gpus", "A,B", "Kinds of GPU, 4xA for at most four (default: those most people can get)"},
          {"--inventory", "FILE", "JSON list of {\"gpu\", \"count\", \"price_per_hour\", \"gpus_per_node\"}"},
          {"--detect", "", "The GPUs of this machine"},
          {"--max-gpus", "N", "Most GPUs of a placement (default: 32)"},
          {"--tokens-per-second", "X", "Decoding of all requests together that must not be out of reach"},
          {"--same-weights", "", "The model as named, not the catalogue's other checkpoints of it"},
          {"--vllm-version", "RELEASE", "Release, dev build or date to imitate (default: the newest known)"},
          {"--verbose", "", "Every number of GPUs that is not enough", "-v"},
          {"--json", "", "For programs: one JSON object"}};
}

Result<std::int64_t> count_of(const Arguments& arguments, const char* name, std::int64_t most) {
  const auto text = arguments.text(name);
  if (!text) return Error{ErrorCode::kBadInput, name, "it is missing", "plan needs --concurrency and --context"};
  auto count = read_count(*text, name);
  if (!count) return count.error();
  if (*count < 1 || *count > most)
    return Error{ErrorCode::kBadInput, name, "expected 1 to " + with_commas(most) + ", found " + *text, ""};
  return *count;
}

Result<std::vector<vram::plan::Offer>> offers(const Arguments& arguments, const Session& session) {
  if (const auto path = arguments.text("--inventory")) {
    auto text = io::read_file(*path, kMostInventory);
    if (!text) return text.error();
    auto value = json::parse(*text, *path);
    if (!value) return value.error();
    return options::read_inventory(*value, *path);
  }
  if (const auto names = arguments.text("--gpus")) return options::read_offers(*names, "--gpus");
  if (!arguments.flag("--detect")) return options::usual_offers();
  auto found = session.detect();
  if (!found) return found.error();
  if (found->empty())
    return Error{ErrorCode::kUnavailable, "--detect", "no GPU was found in this machine", "name some with --gpus"};
  return options::offers_of(*found);
}

std::optional<Error> read_launch(const Arguments& arguments, const Session& session, vram::plan::Request& request) {
  if (const auto version = arguments.text("--vllm-version")) {
    auto engine = vllm::read_engine(*version);
    if (!engine) return engine.error();
    request.engine = *std::move(engine);
  }
  auto line = vllm::read_launch_line(arguments.rest(), request.engine);
  if (!line) return line.error();
  if (line->model.empty())
    return Error{ErrorCode::kBadInput, "MODEL", "no model is named",
                 "give a name of `vram-estimator models`, a folder or a config.json"};
  auto model = io::load(line->model, {.hub = true, .progress = progress_on(session.terminal)});
  if (!model) return model.error();
  request.model = *std::move(model);
  request.args = line->arguments;
  for (const char* size : {"tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size"})
    if (request.args.find(size))
      return Error{ErrorCode::kBadInput, size, "plan finds the parallel sizes itself", "leave it out"};
  return std::nullopt;
}

Result<vram::plan::PlacementQuestion> read_question(const Arguments& arguments, const Session& session) {
  vram::plan::PlacementQuestion question;
  const auto requests = count_of(arguments, "--concurrency", kMostRequests);
  if (!requests) return requests.error();
  const auto context = count_of(arguments, "--context", kMostRequests);
  if (!context) return context.error();
  question.workload = {*requests, *context};
  if (arguments.text("--max-gpus")) {
    const auto most = count_of(arguments, "--max-gpus", kMostGpus);
    if (!most) return most.error();
    question.max_gpus = *most;
  }
  if (const auto speed = arguments.text("--tokens-per-second")) {
    question.tokens_per_second = read_number(*speed);
    if (!question.tokens_per_second || *question.tokens_per_second <= 0)
      return Error{ErrorCode::kBadInput, "--tokens-per-second", "expected a number over 0, found \"" + *speed + '"',
                   ""};
  }
  question.other_weights = !arguments.flag("--same-weights");
  if (auto error = read_launch(arguments, session, question.request)) return *std::move(error);
  auto offered = offers(arguments, session);
  if (!offered) return offered.error();
  question.offers = *std::move(offered);
  return question;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const auto question = read_question(arguments, session);
  if (!question) return question.error();
  const auto answer = vram::plan::placements(*question);
  if (!answer) return answer.error();
  report::TextStyle style = session.terminal.look().out;
  style.verbose = arguments.flag("--verbose");
  session.terminal.print(arguments.flag("--json")
                             ? json::write_pretty(report::placements_json(*question, *answer)) + '\n'
                             : report::placements_text(*question, *answer, style));
  return answer->found.empty() ? kExitRefused : kExitFits;
}

}  // namespace

extern const Command plan;
const Command plan{
    .name = "plan",
    .order = 30,
    .usage = "MODEL --concurrency N --context TOKENS [options] [flags for vLLM]",
    .summary = "Fewest and cheapest GPUs that serve a workload",
    .about =
        "Looks for placements of MODEL over kinds of GPU, tensor, pipeline, data and expert parallelism, other "
        "checkpoints of the model, KV dtype and utilisation. Every number can be checked with `estimate`.",
    .word = "MODEL",
    .passes_on = true,
    .options = options,
    .exit = "0 something serves the workload, 1 nothing that is offered does, 2 the command or an input is wrong.",
    .example = "plan Qwen/Qwen3-30B-A3B --concurrency 64 --context 8192 --gpus l40s,h100",
    .run = run,
};

}  // namespace vram::cli::commands
