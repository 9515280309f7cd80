#include "io/questions.h"

#include <algorithm>

#include "diagnosis/learn.h"
#include "formula/ranges.h"
#include "hardware/catalogue.h"
#include "io/gguf_request.h"
#include "io/registry_questions.h"
#include "json/fields.h"
#include "options/ask.h"
#include "options/calibration_form.h"
#include "plan/inspect.h"
#include "plan/max_context.h"
#include "readers/catalogue.h"
#include "report/ask_json.h"
#include "report/concurrency_json.h"
#include "report/diagnosis_json.h"
#include "report/explanation.h"
#include "report/formats.h"
#include "report/formula_json.h"
#include "report/gpu_table.h"
#include "report/inspect_text.h"
#include "report/launch.h"
#include "report/max_context_text.h"
#include "report/report_json.h"
#include "report/rules_json.h"
#include "report/sentences.h"

namespace vram::io {
namespace {

using json::Value;

constexpr std::size_t kMostText = 4u << 20;
constexpr std::size_t kMostLog = 32u << 20;
constexpr std::size_t kMostRegistry = 16u << 20;
constexpr std::size_t kMostPoints = 512;

/// The request itself, or the member "request" of `asked`.
Result<options::RequestForm> form_in(const Value& asked) {
  const Value* inner = asked.find("request");
  return options::read_request(inner ? *inner : asked);
}

Value or_error(Result<Value> value) { return value ? *std::move(value) : error_json(value.error()); }

Result<Value> formula_max_context(const options::RequestForm& form, double most, const Machine& machine) {
  const auto read = figures_for(form, machine);
  if (!read) return read.error();
  const auto gpu = gpu_for(form.gpu, machine);
  if (!gpu) return gpu.error();
  const double budget = gib(gpu->gpu.total) * double(std::max<std::int64_t>(gpu->count, 1));
  return report::max_context_json(formula::max_context(read->request, budget, most));
}

Result<Value> max_context(const Value& asked, const Machine& machine) {
  const auto form = form_in(asked);
  if (!form) return form.error();
  if (form->model.formula) {
    const Value* most = asked.find("max_context_k");
    const auto number = formula::number_in(
        formula::kMaxContextK, most ? most->number().value_or(-1) : formula::kDefaultMaxContextK, "max_context_k");
    if (!number) return number.error();
    return formula_max_context(*form, *number, machine);
  }
  const auto request = complete(*form, machine);
  if (!request) return request.error();
  const json::Fields fields(asked, "request");
  const std::int64_t requests = fields.count_or("concurrency", 1, 1);
  if (fields.error()) return *fields.error();
  const auto found = plan::max_context(*request, requests);
  if (!found) return found.error();
  return report::max_context_json(*found);
}

/// What a page shows at each keystroke. Suggestions take tens of plans: they are asked for afterwards, by "estimate".
Result<Value> page(const Value& asked, const Machine& machine) {
  const auto form = form_in(asked);
  if (!form) return form.error();
  if (form->model.formula) return answer(*form, machine);
  if (!form->model.config) {
    auto gguf = gguf_page(*form, machine);
    if (!gguf) return gguf.error();
    if (*gguf) return **std::move(gguf);
  }
  const auto request = complete(*form, machine);
  if (!request) return request.error();
  const auto report = plan::plan(*request);
  if (!report) return report.error();
  json::Object object;
  object.set("sentence", Value(report::verdict_sentence(*report)));
  object.set("unsure", Value(report::is_unsure(report->verdict)));
  object.set("workload", Value(report::workload_sentence(*report)));
  object.set("command", Value(report::launch_text(*request)));
  object.set("why", report::explanations_json(*report));
  object.set("report", report::report_json(*report));
  return Value(std::move(object));
}

/// The launch, or the report, as the command's --format writes it.
Result<Value> format(const Value& asked, const Machine& machine) {
  const json::Fields fields(asked, "request");
  const std::string wanted = fields.text_or("format", "launch");
  if (fields.error()) return *fields.error();
  const auto form = form_in(asked);
  if (!form) return form.error();
  const auto request = complete(*form, machine);
  if (!request) return request.error();
  const auto report = plan::plan(*request);
  if (!report) return report.error();
  auto written = report::formatted({*request, *report}, wanted);
  if (!written) return written.error();
  json::Object object;
  object.set("text", Value(*std::move(written)));
  return Value(std::move(object));
}

Result<std::vector<std::int64_t>> counts(const json::Fields& fields, std::string_view name) {
  std::vector<std::int64_t> found = fields.counts(name);
  if (fields.error()) return *fields.error();
  if (found.size() > kMostPoints)
    return Error{ErrorCode::kTooLarge, '"' + std::string(name) + '"',
                 "more than " + std::to_string(kMostPoints) + " numbers", ""};
  for (const std::int64_t each : found)
    if (each < 1) return Error{ErrorCode::kBadInput, '"' + std::string(name) + '"', "expected numbers from 1 on", ""};
  return found;
}

Result<Value> concurrency(const Value& asked, const Machine& machine) {
  const json::Fields fields(asked, "request");
  const auto lengths = counts(fields, "contexts"), requests = counts(fields, "requests");
  if (!lengths) return lengths.error();
  if (!requests) return requests.error();
  const auto form = form_in(asked);
  if (!form) return form.error();
  const auto request = complete(*form, machine);
  if (!request) return request.error();
  const std::vector<Tokens> contexts(lengths->begin(), lengths->end());
  const auto limit = fields.maybe_count("limit", 1);
  if (fields.error()) return *fields.error();
  const auto found =
      plan::concurrency(*request, contexts, *requests, limit ? std::optional(Tokens(*limit)) : std::nullopt);
  if (!found) return found.error();
  return report::concurrency_json(*found);
}

Result<Value> inspect(const Value& asked, const Machine& machine) {
  const auto form = form_in(asked);
  if (!form) return form.error();
  const auto request = complete(*form, machine);
  if (!request) return request.error();
  const json::Fields fields(asked, "request");
  const std::int64_t stage = fields.count_or("stage", 0);
  if (fields.error()) return *fields.error();
  const auto found = plan::inspect(*request, stage, "request: \"stage\"");
  if (!found) return found.error();
  return report::inspect_json(found->exact, found->stage, found->tensors);
}

Result<Value> ask(const Value& asked, const Machine&) {
  const json::Fields fields(asked, "question");
  const std::string words = fields.text_or("text", "");
  if (fields.error()) return *fields.error();
  return report::ask_json(options::ask(words));
}

/// What is said of a log that it may not say itself.
diagnosis::Told told_in(const json::Fields& fields) {
  diagnosis::Told told;
  told.model = fields.text_or("model", "");
  if (const std::string gpu = fields.text_or("gpu", ""); !gpu.empty()) told.gpu.emplace().name = gpu;
  return told;
}

Result<Value> diagnose(const Value& asked, const Machine& machine) {
  const json::Fields fields(asked, "question");
  const std::string log = fields.text_or("log", "");
  const diagnosis::Told told = told_in(fields);
  if (fields.error()) return *fields.error();
  const auto made = [&](const options::RequestForm& form) { return complete(form, machine); };
  return report::diagnosis_json(diagnosis::diagnose(logs::read(log), told, made));
}

Result<Value> learn(const Value& asked, const Machine& machine) {
  const json::Fields fields(asked, "question");
  const std::string log = fields.text_or("log", "");
  plan::Calibration calibration;
  calibration.name = fields.text_or("profile", "default");
  const diagnosis::Told told = told_in(fields);
  if (fields.error()) return *fields.error();
  const auto made = [&](const options::RequestForm& form) { return complete(form, machine); };
  auto found = diagnosis::learn(log, "log", told, made);
  if (!found) return found.error();
  if (found->observations.empty())
    return Error{ErrorCode::kBadInput, "log", "nothing was learnt",
                 found->left_out.empty() ? "give a start-up that comes as far as the size of the KV cache"
                                         : found->left_out.front().sentence()};
  calibration.observations = std::move(found->observations);
  return options::calibration_json(calibration);
}

Result<Value> models(const Value& asked, const Machine&) {
  const json::Fields fields(asked, "question");
  const std::string search = fields.text_or("search", "");
  if (fields.error()) return *fields.error();
  const std::vector<std::string> names = search_catalogue(search);
  json::Object answer;
  answer.set("models", Value(json::Array(names.begin(), names.end())));
  return Value(std::move(answer));
}

constexpr Question kQuestions[] = {
    {"estimate", "request", kMostText, answer},
    {"max-context", "request", kMostText, [](const Value& q, const Machine& m) { return or_error(max_context(q, m)); }},
    {"concurrency", "request", kMostText, [](const Value& q, const Machine& m) { return or_error(concurrency(q, m)); }},
    {"page", "request", kMostText, [](const Value& q, const Machine& m) { return or_error(page(q, m)); }},
    {"format", "request", kMostText, [](const Value& q, const Machine& m) { return or_error(format(q, m)); }},
    {"inspect", "request", kMostText, [](const Value& q, const Machine& m) { return or_error(inspect(q, m)); }},
    {"ask", "question", kMostText, [](const Value& q, const Machine& m) { return or_error(ask(q, m)); }},
    {"models", "question", kMostText, [](const Value& q, const Machine& m) { return or_error(models(q, m)); }},
    {"gpus", "", 0, [](const Value&, const Machine&) { return report::gpu_catalogue_json(hardware::catalogue()); }},
    {"diagnose", "question", kMostLog, [](const Value& q, const Machine& m) { return or_error(diagnose(q, m)); }},
    {"learn", "question", kMostLog, [](const Value& q, const Machine& m) { return or_error(learn(q, m)); }},
    {"registry", "question", kMostRegistry,
     [](const Value& q, const Machine&) { return or_error(registry_entries(q)); }},
    {"apply", "question", kMostRegistry, [](const Value& q, const Machine&) { return or_error(registry_apply(q)); }},
    {"about", "", 0, [](const Value&, const Machine&) { return report::rules_json(); }},
};

}  // namespace

std::span<const Question> questions() { return kQuestions; }

const Question* find_question(std::string_view name) {
  const auto found = std::ranges::find(kQuestions, name, &Question::name);
  return found == std::end(kQuestions) ? nullptr : found;
}

Result<json::Value> read_question(std::string_view text, std::string_view place, std::size_t most_text) {
  auto asked = json::parse(text, place, {.bytes = most_text});
  if (asked && !asked->object())
    return Error{ErrorCode::kBadInput, std::string(place), "expected an object, found " + json::describe(*asked), ""};
  return asked;
}

json::Value answer(std::string_view question, std::string_view text, const Machine& machine) {
  const Question* known = find_question(question);
  if (!known)
    return error_json({ErrorCode::kNotFound, "question", '"' + std::string(question.substr(0, 40)) + "\" is not known",
                       "ask for estimate, page, format, max-context, concurrency, inspect, ask, models, gpus, "
                       "diagnose, learn, registry, apply or about"});
  if (known->most_text == 0) return known->answer({}, machine);
  const auto asked = read_question(text, known->place, known->most_text);
  return asked ? known->answer(*asked, machine) : error_json(asked.error());
}

}  // namespace vram::io
