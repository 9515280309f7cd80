// Questions that take more than one plan, and so are the service's and not the page's: placements, boundaries, tables,
// rows.
#include <algorithm>
#include <chrono>

#include "io/gguf_request.h"
#include "io/questions.h"
#include "json/fields.h"
#include "json/write.h"
#include "options/inventory.h"
#include "plan/inverse.h"
#include "plan/matrix.h"
#include "report/gguf_text.h"
#include "report/limits_text.h"
#include "report/placements_text.h"
#include "server/handlers.h"
#include "sweep/formula_rows.h"
#include "sweep/vllm_rows.h"

namespace vram::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kMostGpus = 1024;
constexpr std::size_t kMostCells = 65'536;     // of a matrix
constexpr std::size_t kMostPoints = 512;       // of an axis of a matrix
constexpr std::int64_t kMostRows = 1'000'000;  // of a sweep
constexpr std::chrono::seconds kLongestSweep{60};
constexpr std::chrono::milliseconds kAtOnce{2};  // of lines that are made before any are sent

Result<options::RequestForm> form_of(const Call& call) {
  const json::Value* request = call.body.find("request");
  if (request) return options::read_request(*request);
  return Error{ErrorCode::kBadInput, "body: \"request\"", "it is missing", "give one as for estimate"};
}

/// A GGUF file as it is; of every other model the tensors that vLLM makes.
Result<json::Value> inspected(const Call& call) {
  const json::Value* inner = call.body.find("request");
  const auto form = options::read_request(inner ? *inner : call.body);
  if (!form) return form.error();
  if (!form->model.source.empty()) {
    const auto known = io::admitted(*form, call.machine);
    if (!known) return known.error();
    const auto source = io::find_gguf(known->model.source, call.machine);
    if (!source) return source.error();
    if (*source) {
      const auto file = io::load_source(**source, call.machine.reach);
      if (!file) return file.error();
      return report::gguf_json(*file, known->model.source);
    }
  }
  return io::find_question("inspect")->answer(call.body, call.machine);
}

Result<options::RequestForm> launch_of(const Call& call) {
  auto form = form_of(call);
  if (!form || !form->model.formula) return form;
  return Error{ErrorCode::kBadInput, "request: \"model\"", "figures of formula mode have no launch",
               "give \"source\" or \"config\""};
}

Result<plan::Variations> variations_of(const Call& call) {
  const auto form = launch_of(call);
  if (!form) return form.error();
  const auto request = io::complete(*form, call.machine);
  if (!request) return request.error();
  plan::Deriver deriver;
  return plan::Variations::of(*request, deriver);
}

Result<std::vector<plan::Offer>> offers_of(const Call& call, const json::Fields& fields) {
  if (const json::Value* inventory = fields.find("inventory")) return options::read_inventory(*inventory, "inventory");
  const std::string names = fields.text_or("gpus", "");
  if (names.empty()) return options::usual_offers();
  if (names != "detect") return options::read_offers(names, "body: \"gpus\"");
  const auto found = call.machine.detect();
  if (!found) return found.error();
  if (!found->empty()) return options::offers_of(*found);
  return Error{ErrorCode::kNotFound, "body: \"gpus\"", "no GPU was found in this machine", "name some"};
}

Result<plan::PlacementQuestion> placement_question(const Call& call) {
  const json::Fields fields(call.body, "body");
  auto form = launch_of(call);
  if (!form) return form.error();
  if (!form->workload)
    return Error{ErrorCode::kBadInput, "request: \"workload\"", "it is missing",
                 "say how many requests of how many tokens"};
  for (const char* size : {"tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size"})
    if (form->args.find(size))
      return Error{ErrorCode::kBadInput, size, "plan finds the parallel sizes itself", "leave it out"};
  auto offers = offers_of(call, fields);
  if (!offers) return offers.error();
  if (offers->empty()) return Error{ErrorCode::kBadInput, "body", "no GPU is offered", "name some in \"gpus\""};
  plan::PlacementQuestion question;
  question.offers = *std::move(offers);
  question.max_gpus = std::min(fields.count_or("max_gpus", question.max_gpus, 1), kMostGpus);
  question.tokens_per_second = fields.maybe_number("tokens_per_second");
  question.other_weights = !fields.flag_or("same_weights", false);
  question.given_up = call.left;
  if (fields.error()) return *fields.error();
  question.workload = *form->workload;
  // The offers' cards are looked at, not the request's.
  form->gpu = {};
  form->gpu.name = question.offers.front().gpu.name;
  auto complete = io::complete(*form, call.machine);
  if (!complete) return complete.error();
  question.request = *std::move(complete);
  return question;
}

Result<json::Value> placed(const Call& call) {
  const auto question = placement_question(call);
  if (!question) return question.error();
  const auto found = plan::placements(*question);
  if (!found) return found.error();
  return report::placements_json(*question, *found);
}

Result<json::Value> limits_found(const Call& call) {
  const json::Fields fields(call.body, "body");
  const std::int64_t requests = fields.count_or("concurrency", 8, 1), context = fields.count_or("context", 8192, 1);
  if (fields.error()) return *fields.error();
  const auto form = launch_of(call);
  if (!form) return form.error();
  const auto request = io::complete(*form, call.machine);
  if (!request) return request.error();
  plan::Deriver deriver;
  auto variations = plan::Variations::of(*request, deriver);
  if (!variations) return variations.error();
  return report::limits_json(plan::limits_of(*variations, requests, Tokens(context)),
                             {*request, requests, Tokens(context)});
}

Result<std::vector<std::int64_t>> counts(const json::Fields& fields, const char* name) {
  std::vector<std::int64_t> found = fields.counts(name);
  if (fields.error()) return *fields.error();
  if (found.size() > kMostPoints || (fields.has(name) && found.empty()) || std::ranges::find(found, 0) != found.end())
    return Error{ErrorCode::kBadInput, std::string("body: \"") + name + '"',
                 "expected 1 to " + std::to_string(kMostPoints) + " numbers from 1 on", ""};
  return found;
}

Result<json::Value> matrix_of(const Call& call) {
  const json::Fields fields(call.body, "body");
  const auto lengths = counts(fields, "contexts");
  if (!lengths) return lengths.error();
  auto requests = counts(fields, "requests");
  if (!requests) return requests.error();
  if (requests->empty()) *requests = {1, 2, 4, 8, 16, 32, 64};
  auto variations = variations_of(call);
  if (!variations) return variations.error();
  std::vector<Tokens> contexts(lengths->begin(), lengths->end());
  if (contexts.empty()) contexts = plan::usual_contexts(*variations);
  if (contexts.size() * requests->size() > kMostCells)
    return Error{ErrorCode::kTooLarge, "body", "more than 65,536 cells", "ask for fewer at once"};
  return report::matrix_json(plan::matrix_of(*variations, contexts, *requests));
}

/// {"max_model_len": "8k:32k:x2"}: an axis a member, in order.
Result<sweep::Grid> grid_of(const Call& call) {
  std::vector<sweep::Axis> axes;
  std::int64_t rows = 1;
  const json::Value* vary = call.body.find("vary");
  if (vary && vary->object())
    for (const auto& [name, values] : vary->object()->members()) {
      if (!values.string()) return Error{ErrorCode::kBadInput, "vary: \"" + name + '"', "expected a text", ""};
      auto axis = sweep::read_axis(name + '=' + *values.string());
      if (!axis) return axis.error();
      rows *= std::int64_t(axis->values.size());
      if (rows > kMostRows)
        return Error{ErrorCode::kTooLarge, "body: \"vary\"", "more than 1,000,000 rows", "ask for fewer at once"};
      axes.push_back(*std::move(axis));
    }
  if (axes.empty())
    return Error{ErrorCode::kBadInput, "body: \"vary\"", "nothing is varied",
                 "give {\"max_model_len\": \"8k:32k:x2\"}"};
  return sweep::Grid::of(std::move(axes));
}

/// `kept` is what the writer's rows are of.
template <class Kept>
Lines rows_of(std::shared_ptr<const Kept> kept, const sweep::Grid& grid, const sweep::RowWriter& writer) {
  const auto end = Clock::now() + kLongestSweep;
  return [kept = std::move(kept), rows = grid.rows(), writer, end, next = std::int64_t{0}](std::string& out) mutable {
    const auto pause = Clock::now() + kAtOnce;
    while (next < rows && Clock::now() < pause) {
      const std::int64_t last = std::min(next + 16, rows);
      writer(next, last, out);
      next = last;
    }
    if (next < rows && pause > end) {
      out += json::write_line(io::error_json(
                 {ErrorCode::kTooLarge, "sweep", "the rows take more than 60 s", "ask for fewer at once"})) +
             '\n';
      return false;
    }
    return next < rows;
  };
}

Answer of_lines(Lines lines) { return {.type = "application/x-ndjson", .body = {}, .lines = std::move(lines)}; }

Result<Lines> figures_rows(const options::RequestForm& form, sweep::Grid grid, const io::Machine& machine) {
  const auto read = io::figures_for(form, machine);
  if (!read) return read.error();
  auto figures = sweep::Figures::of(read->request, read->context_k, std::move(grid));
  if (!figures) return figures.error();
  const auto kept = std::make_shared<const sweep::Figures>(*std::move(figures));
  return rows_of(kept, kept->grid, sweep::write_figures(*kept, sweep::Format::kJsonLines));
}

Result<Lines> rows_in(const Call& call) {
  auto grid = grid_of(call);
  if (!grid) return grid.error();
  const auto form = form_of(call);
  if (!form) return form.error();
  if (form->model.formula) return figures_rows(*form, *std::move(grid), call.machine);
  auto request = io::complete(*form, call.machine);
  if (!request) return request.error();
  const auto look_up = [&](const std::string& axis, const std::string& value) -> Result<sweep::Change> {
    options::RequestForm other;
    (axis == "model" ? other.model.source : other.gpu.name) = value;
    if (axis == "gpu") {
      auto gpu = options::choose_gpu(other.gpu);
      if (!gpu) return gpu.error();
      return sweep::Change(*std::move(gpu));
    }
    auto model = io::complete_on(other, {request->gpu, request->gpu_count}, call.machine);
    if (!model) return model.error();
    return sweep::Change(model->model);
  };
  auto launches = sweep::launches_of(*std::move(request), *std::move(grid), look_up);
  if (!launches) return launches.error();
  const auto kept = std::make_shared<const sweep::Launches>(*std::move(launches));
  return rows_of(kept, kept->grid, sweep::write_launches(*kept, sweep::Format::kJsonLines));
}

}  // namespace

Answer inspect(const Call& call) {
  const auto found = inspected(call);
  return found ? answer_of(*found) : error_answer(found.error());
}

Answer limits(const Call& call) { return answer_of(limits_found(call)); }

Answer matrix(const Call& call) { return answer_of(matrix_of(call)); }

Answer placements(const Call& call) { return answer_of(placed(call)); }

Answer sweep_rows(const Call& call) {
  auto rows = rows_in(call);
  return rows ? of_lines(*std::move(rows)) : error_answer(rows.error());
}

Answer batch_lines(const Call& call) {
  return of_lines([rest = call.text, &services = call.services](std::string& out) mutable {
    const auto machine = services.machines->take({});
    const auto pause = Clock::now() + kAtOnce;
    while (!rest.empty() && Clock::now() < pause) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      out += json::write_line(io::answer("estimate", line, *machine));
      out += '\n';
    }
    return !rest.empty();
  });
}

}  // namespace vram::server
