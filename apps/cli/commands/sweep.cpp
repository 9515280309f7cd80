// sweep: every combination of what is varied, a row each.
#include <algorithm>
#include <chrono>
#include <thread>

#include "command.h"
#include "formula_request.h"
#include "io/load.h"
#include "options/request_form.h"
#include "question.h"
#include "sweep/formula_rows.h"
#include "sweep/output.h"
#include "sweep/run.h"
#include "sweep/vllm_rows.h"
#include "units/text.h"

namespace vram::cli::commands {

extern const Command sweep;

namespace {

constexpr NumberFlag kContextK{"--context-k", formula::kContextK};

std::vector<Option> options() {
  std::vector<Option> all = {
      {"--vary", "NAME=VALUES", "An argument of vLLM, model, gpu or gpu_memory_gib: A,B,C or FIRST:LAST:xN or :+N"},
      {"--format", "FORMAT", "table, csv or jsonl (default: table on a terminal, else csv)"},
      {"--output", "FILE", "Where the rows go (default: standard output)"},
      {"--resume", "", "Go on with a FILE that was cut off: the same bytes as in one run"},
      {"--threads", "N", "Threads that compute (default: one a core)"}};
  for (const Option& option : question_options()) all.push_back(option);
  for (const Option& option : model_figures()) all.push_back(option);
  all.push_back({"--context-k", "X", "Of formula mode: context in units of 1024 tokens (default: 8)"});
  for (const Option& option : overheads()) all.push_back(option);
  return all;
}

Result<sweep::Grid> read_grid(const Arguments& arguments) {
  std::vector<sweep::Axis> axes;
  for (const auto& [name, value] : arguments.given()) {
    if (name != "--vary") continue;
    auto axis = sweep::read_axis(value);
    if (!axis) return axis.error();
    axes.push_back(*std::move(axis));
  }
  if (axes.empty())
    return Error{ErrorCode::kBadInput, "--vary", "nothing is varied", "add --vary max_model_len=8k:128k:x2"};
  return sweep::Grid::of(std::move(axes));
}

Result<sweep::Change> look_up(const std::string& axis, const std::string& value) {
  if (axis == "model") {
    auto model = io::load(value);
    if (!model) return model.error();
    return sweep::Change(*std::move(model));
  }
  options::GpuForm form;
  form.name = value;
  auto gpu = options::choose_gpu(form);
  if (!gpu) return gpu.error();
  return sweep::Change(*std::move(gpu));
}

Result<sweep::Launches> read_launches(const Arguments& arguments, const Session& session, sweep::Grid grid) {
  std::string model, gpu;
  for (const sweep::Axis& axis : grid.axes()) {
    if (axis.name == "model") model = axis.values.front();
    if (axis.name == "gpu") gpu = axis.values.front();
  }
  auto base = read_question(arguments, session, "", {model, gpu});
  if (!base) return base.error();
  return sweep::launches_of(*std::move(base), std::move(grid), look_up);
}

Result<int> read_threads(const Arguments& arguments) {
  const auto given = arguments.text("--threads");
  constexpr int kMost = 1024;
  if (!given) return std::clamp(int(std::thread::hardware_concurrency()), 1, kMost);
  const auto number = read_integer(*given);
  if (number && *number >= 1 && *number <= kMost) return int(*number);
  return Error{ErrorCode::kBadInput, "--threads", "expected a whole number from 1 to 1,024, found \"" + *given + '"',
               ""};
}

/// "1,234,567 of 10,000,000 rows, 812,345 a second", over and over on the same line.
class Progress {
 public:
  Progress(std::int64_t done, std::int64_t rows, bool shown) : before_(done), rows_(rows), shown_(shown) {}
  ~Progress() {
    if (said_) std::fputs("\r\033[K", stderr);
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void at(std::int64_t taken) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || now - last_ < std::chrono::milliseconds(200)) return;
    last_ = now;
    said_ = true;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const std::string text = "\r\033[K" + with_commas(before_ + taken) + " of " + with_commas(rows_) + " rows, " +
                             with_commas(std::int64_t(double(taken) / seconds)) + " a second";
    std::fputs(text.c_str(), stderr);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now(), last_ = start_;
  std::int64_t before_, rows_;
  bool shown_, said_ = false;
};

/// What both modes write.
struct Rows {
  sweep::Format format;
  std::int64_t count;
  std::string heading;
  std::function<sweep::RowWriter()> writer;
};

/// Where to begin, given the file that an earlier run left.
Result<std::int64_t> rows_there(const Rows& rows, const sweep::Output& output, const std::string& path) {
  const std::int64_t there = output.rows();
  std::string last;
  if (there > 0 && there <= rows.count) rows.writer()(there - 1, there, last);
  if (last == output.last_row()) return there;
  return Error{ErrorCode::kBadInput, path, "it holds rows that this sweep has not",
               "give --output another file, or leave --resume out to write over this one"};
}

Result<int> write_rows(const Rows& rows, const Arguments& arguments, const Session& session) {
  const auto threads = read_threads(arguments);
  if (!threads) return threads.error();
  const auto path = arguments.text("--output");
  if (!path && arguments.flag("--resume"))
    return Error{ErrorCode::kBadInput, "--resume", "there is no file to go on with", "name it with --output"};
  sweep::Run run{0, rows.count, *threads, rows.writer, {}, {}};
  std::optional<sweep::Output> output;
  if (path) {
    auto opened = arguments.flag("--resume") ? sweep::Output::resume(*path, rows.heading)
                                             : sweep::Output::create(*path, rows.heading);
    if (!opened) return opened.error();
    const auto there = rows_there(rows, *opened, *path);
    if (!there) return there.error();
    run.begin = *there;
    output = *std::move(opened);
    run.take = [&](std::string_view text) { return output->write(text); };
  } else {
    session.terminal.print(rows.heading);
    run.take = [&](std::string_view text) {
      session.terminal.print(text);
      return true;
    };
  }
  bool whole = false;
  {
    Progress progress(run.begin, rows.count, session.terminal.look().err_is_terminal && path);
    run.progress = [&](std::int64_t taken) { progress.at(taken); };
    whole = sweep::run(run);
  }
  if (output && (!output->close() || !whole))
    return Error{ErrorCode::kUnavailable, *path, "not all rows could be written", "make room and run it with --resume"};
  return kExitFits;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  auto grid = read_grid(arguments);
  if (!grid) return grid.error();
  const bool terminal = session.terminal.look().out_is_terminal && !arguments.has("--output");
  const auto format = sweep::read_format(arguments.text("--format").value_or(terminal ? "table" : "csv"));
  if (!format) return format.error();
  const auto write = [&](const sweep::Grid& of, std::span<const sweep::Cell> cells,
                         std::function<sweep::RowWriter()> writer) {
    return write_rows({*format, of.rows(), sweep::RowText(*format, of, cells).heading(), std::move(writer)}, arguments,
                      session);
  };
  if (asks_for_formula(arguments)) {
    if (auto error = model_beside_figures(sweep, arguments)) return *std::move(error);
    const auto read = read_formula_request(arguments, session, "sweep", {});
    if (!read) return read.error();
    const auto context = number_or(arguments, kContextK, 8);
    if (!context) return context.error();
    const auto figures = sweep::Figures::of(read->request, *context, *std::move(grid));
    if (!figures) return figures.error();
    return write(figures->grid, sweep::formula_figures(), [&] { return sweep::write_figures(*figures, *format); });
  }
  const auto launches = read_launches(arguments, session, *std::move(grid));
  if (!launches) return launches.error();
  return write(launches->grid, sweep::launch_figures(), [&] { return sweep::write_launches(*launches, *format); });
}

}  // namespace

const Command sweep{
    .name = "sweep",
    .order = 55,
    .usage = "MODEL --vary NAME=VALUES … [vLLM flags] [options]",
    .summary = "Plans every combination of what is varied",
    .about =
        "A row for each combination of the values, the last --vary running fastest: whether vLLM starts, why not, and "
        "what its KV cache holds. With a model's figures in place of MODEL, the same of formula mode.",
    .word = "MODEL",
    .passes_on = true,
    .options = options,
    .exit = "0 all rows are written, 2 the command or an input is wrong.",
    .example = "sweep Qwen/Qwen3-8B --gpu 4090 --vary max_model_len=8k:32k:x2 --vary kv_cache_dtype=auto,fp8",
    .run = run,
};

}  // namespace vram::cli::commands
