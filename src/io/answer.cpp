#include "io/answer.h"

#include <algorithm>

#include "io/gguf_request.h"
#include "io/load.h"
#include "io/registry.h"
#include "io/tenants.h"
#include "plan/suggestions.h"
#include "report/formula_json.h"
#include "report/report_json.h"
#include "units/secrets.h"
#include "vllm/arguments.h"

namespace vram::io {
namespace {

Result<std::shared_ptr<const ModelSource>> read_model(const std::string& name, const Machine& machine) {
  return machine.read ? machine.read(name, machine.reach) : load(name, machine.reach);
}

Result<std::shared_ptr<const ModelSource>> model_for(const options::ModelForm& form, const Machine& machine) {
  if (!form.config) return read_model(form.source, machine);
  auto source = model_source(*form.config, form.name.empty() ? "model" : form.name, "config");
  if (!source) return source.error();
  source->weights = form.weights;
  return std::make_shared<const ModelSource>(*std::move(source));
}

/// The form with what the registry's entry adds to it, and the entry's model.
Result<std::shared_ptr<const ModelSource>> take_entry(const std::string& name, const Machine& machine,
                                                      options::RequestForm& form) {
  const auto file = registry_file(machine.registry);
  if (!file) return file.error();
  const auto registry = load_registry(*file);
  if (!registry) return registry.error();
  const auto entry = registry->find(name);
  if (!entry) return entry.error();
  auto launch = launch_of(**entry, form.engine);
  if (!launch) return launch.error();
  for (const Error& warning : launch->warnings)
    if (machine.warn) machine.warn(warning);
  for (const auto& [argument, value] : launch->args.members())
    if (!form.args.find(argument)) form.args.set(argument, value);
  return launch->model;
}

const char* word(ErrorCode code) {
  switch (code) {
    case ErrorCode::kBadInput:
      return "bad_input";
    case ErrorCode::kTooLarge:
      return "too_large";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kRefused:
      return "refused";
  }
  return "";
}

Result<json::Value> answer_formula(const options::RequestForm& form, const Machine& machine) {
  const auto read = figures_for(form, machine);
  if (!read) return read.error();
  std::optional<plan::GpuChoice> gpu;
  if (!form.gpu.detect) {
    auto chosen = gpu_for(form.gpu, machine);
    if (!chosen) return chosen.error();
    gpu = *std::move(chosen);
  }
  const formula::Estimate estimate = formula::estimate(read->request, read->context_k);
  const double budget = gpu ? gib(gpu->gpu.total) * double(std::max<std::int64_t>(gpu->count, 1)) : 0;
  return report::formula_report_json(estimate, read->warnings, gpu ? std::optional(budget) : std::nullopt);
}

/// The draft that the arguments name; null where they name none.
Result<std::shared_ptr<const ModelSource>> draft_for(const json::Object& args, const Machine& machine) {
  const json::Value* speculative = args.find("speculative_config");
  const json::Value* named = speculative ? speculative->find("model") : nullptr;
  const json::Value* method = speculative ? speculative->find("method") : nullptr;
  const bool words = method && method->string() && method->string()->find("ngram") != std::string::npos;
  if (!named || !named->string() || words) return std::shared_ptr<const ModelSource>();
  if (!machine.admit) return read_model(*named->string(), machine);
  const auto name = machine.admit(*named->string());
  if (!name) return name.error();
  return read_model(*name, machine);
}

/// Of a form whose model is admitted.
Result<plan::Request> completed(options::RequestForm form, const plan::GpuChoice& gpu, const Machine& machine) {
  const auto entry = registry_name(form.model.source);
  std::optional<Result<std::shared_ptr<const ModelSource>>> served;
  if (entry) served = take_entry(*entry, machine, form);
  if (served && !*served) return served->error();
  auto args = vllm::read_arguments(form.args, form.engine);
  if (!args) return args.error();
  if (!served && !form.model.config)
    if (auto error = gguf_in_vllm(form.model.source, form.engine)) return *std::move(error);
  auto model = served ? *served : model_for(form.model, machine);
  if (!model) return model.error();
  plan::Request request;
  request.model = *std::move(model);
  auto draft = draft_for(*args, machine);
  if (!draft) return draft.error();
  request.draft = *std::move(draft);
  request.engine = form.engine;
  request.gpu = gpu.gpu;
  request.gpu_count = gpu.count;
  request.unlike = gpu.unlike;
  // A launch that is shown names no secret; containers are given HF_TOKEN by its name.
  for (const auto& [name, value] : form.environment)
    if (!names_secret(name)) request.environment.emplace_back(name, without_credentials(value));
  request.args = *std::move(args);
  request.workload = form.workload;
  if (form.calibration) request.calibration = *form.calibration;
  if (form.overheads) {
    auto overheads = memory::read_overheads(*form.overheads);
    if (!overheads) return overheads.error();
    request.overheads = std::make_shared<const memory::Overheads>(*std::move(overheads));
  }
  const auto others = tenants(form.also, request, machine);
  if (!others) return others.error();
  return plan::beside(std::move(request), *others);
}

Result<json::Value> answered(const options::RequestForm& given, const Machine& machine) {
  const auto known = admitted(given, machine);
  if (!known) return known.error();
  const options::RequestForm& form = *known;
  if (form.model.formula) return answer_formula(form, machine);
  if (!form.model.config) {
    auto gguf = gguf_answer(form, machine);
    if (!gguf) return gguf.error();
    if (*gguf) return **std::move(gguf);
  }
  const auto gpu = gpu_for(form.gpu, machine);
  if (!gpu) return gpu.error();
  const auto request = completed(form, *gpu, machine);
  if (!request) return request.error();
  plan::Planner own;
  plan::Planner& planner = machine.planner ? *machine.planner : own;
  auto report = planner.plan(*request);
  if (!report) return report.error();
  report->suggestions = plan::suggestions(*request, *report, planner);
  return report::report_json(*report);
}

}  // namespace

Result<plan::GpuChoice> gpu_for(const options::GpuForm& form, const Machine& machine) {
  if (!form.detect) return machine.choose ? machine.choose(form) : options::choose_gpu(form);
  auto found = machine.detect();
  if (!found) return found.error();
  if (found->empty())
    return Error{ErrorCode::kNotFound, "gpu", "no GPU was found in this machine",
                 "name one, as in --gpu 4090 or \"gpu\": {\"name\": \"RTX-4090\"}"};
  plan::GpuChoice choice{found->front(), std::int64_t(found->size())};
  const auto [least, most] = std::ranges::minmax(*found, {}, &hardware::Gpu::total);
  choice.gpu = least;
  if (least.total != most.total || least.capability != most.capability) choice.unlike = *found;
  return choice;
}

Result<options::FormulaForm> figures_for(const options::RequestForm& form, const Machine& machine) {
  return options::read_formula(form, machine.profiles ? *machine.profiles : formula::built_in_profiles());
}

Result<options::RequestForm> admitted(options::RequestForm form, const Machine& machine) {
  if (!machine.admit || form.model.config || form.model.formula) return form;
  auto source = machine.admit(form.model.source);
  if (!source) return source.error();
  form.model.source = *std::move(source);
  return form;
}

Result<plan::Request> complete(const options::RequestForm& form, const Machine& machine) {
  auto gpu = gpu_for(form.gpu, machine);
  if (!gpu) return gpu.error();
  return complete_on(form, *gpu, machine);
}

Result<plan::Request> complete_on(const options::RequestForm& form, const plan::GpuChoice& gpu,
                                  const Machine& machine) {
  auto known = admitted(form, machine);
  if (!known) return known.error();
  return completed(*std::move(known), gpu, machine);
}

json::Value error_json(const Error& error) {
  json::Object inner;
  inner.set("code", json::Value(word(error.code)));
  inner.set("message", json::Value(without_credentials(error.sentence())));
  json::Object outer;
  outer.set("error", json::Value(std::move(inner)));
  return json::Value(std::move(outer));
}

json::Value answer(const options::RequestForm& form, const Machine& machine) {
  auto value = answered(form, machine);
  return value ? *std::move(value) : error_json(value.error());
}

json::Value answer(const json::Value& request, const Machine& machine) {
  const auto form = options::read_request(request);
  return form ? answer(*form, machine) : error_json(form.error());
}

}  // namespace vram::io
