#include "options/request_form.h"

#include <algorithm>
#include <span>

#include "hardware/catalogue.h"
#include "json/fields.h"
#include "options/calibration_form.h"
#include "readers/checkpoint.h"
#include "units/text.h"

namespace vram::options {
namespace {

constexpr std::string_view kMembers[] = {"model",   "engine",      "gpu",       "args", "workload",
                                         "profile", "calibration", "overheads", "also", "environment"};
constexpr std::string_view kModelMembers[] = {"source", "config", "name", "weights_index", "formula"};
constexpr std::string_view kEngineMembers[] = {"name", "version"};
constexpr std::string_view kGpuMembers[] = {"name", "count", "total_bytes", "free_bytes", "compute_capability"};
constexpr std::string_view kWorkloadMembers[] = {"concurrent_requests", "context_tokens"};

using Problem = std::optional<Error>;

Problem refuse_unknown(const json::Value& object, std::string_view place, std::span<const std::string_view> known) {
  if (!object.object())
    return Error{ErrorCode::kBadInput, std::string(place), "expected an object, found " + json::describe(object), ""};
  for (const auto& [name, value] : object.object()->members()) {
    bool found = false;
    for (const std::string_view each : known) found = found || each == name;
    if (found) continue;
    const auto near = nearest(name, known);
    return Error{ErrorCode::kBadInput, std::string(place), '"' + name.substr(0, 80) + "\" is not known",
                 near ? "did you mean \"" + std::string(*near) + "\"?" : "known are " + one_of(known)};
  }
  return std::nullopt;
}

Problem read_model(const json::Value* model, ModelForm& form) {
  static constexpr std::string_view kPlace = "request: \"model\"";
  if (!model)
    return Error{ErrorCode::kBadInput, std::string(kPlace), "it is missing",
                 "give {\"source\": \"Qwen/Qwen3-8B\"} or {\"config\": {…}}"};
  if (auto error = refuse_unknown(*model, kPlace, kModelMembers)) return error;
  const json::Fields fields(*model, std::string(kPlace));
  form.source = fields.text_or("source", "");
  form.name = fields.text_or("name", "");
  if (const json::Value* config = fields.find("config")) form.config = *config;
  if (const json::Value* index = fields.find("weights_index")) {
    if (!form.config)
      return Error{ErrorCode::kBadInput, std::string(kPlace), "\"weights_index\" goes with \"config\" alone", ""};
    auto weights = read_weights_member(*index, std::string(kPlace) + ": \"weights_index\"");
    if (!weights) return weights.error();
    form.weights = std::make_shared<const Checkpoint>(*std::move(weights));
  }
  if (const json::Value* formula = fields.find("formula")) form.formula = *formula;
  if (fields.error()) return *fields.error();
  if (int(!form.source.empty()) + int(form.config.has_value()) + int(form.formula.has_value()) != 1)
    return Error{ErrorCode::kBadInput, std::string(kPlace),
                 "expected exactly one of \"source\", \"config\" and \"formula\"", ""};
  return std::nullopt;
}

/// "9.0" -> 9, 0.
std::optional<hardware::Capability> read_capability(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto major = read_integer(text.substr(0, dot)), minor = read_integer(text.substr(dot + 1));
  if (!major || !minor || *major < 1 || *major > 99 || *minor < 0 || *minor > 9) return std::nullopt;
  return hardware::Capability{int(*major), int(*minor)};
}

std::optional<Bytes> read_size(const json::Fields& fields, std::string_view name) {
  const json::Value* found = fields.find(name);
  if (!found) return std::nullopt;
  constexpr std::int64_t kMost = std::int64_t{1} << 50;
  if (const std::int64_t* bytes = found->integer(); bytes && *bytes >= 0 && *bytes <= kMost) return Bytes(*bytes);
  fields.refuse(name, "expected bytes as a whole number, found " + json::describe(*found));
  return std::nullopt;
}

Problem read_gpu(const json::Value* gpu, GpuForm& form) {
  static constexpr std::string_view kPlace = "request: \"gpu\"";
  const std::string* word = gpu ? gpu->string() : nullptr;
  form.detect = !gpu || (word && *word == "detect");
  if (form.detect) return std::nullopt;
  if (word) {
    form.name = *word;
    return std::nullopt;
  }
  if (auto error = refuse_unknown(*gpu, kPlace, kGpuMembers)) return error;
  const json::Fields fields(*gpu, std::string(kPlace));
  form.name = fields.text_or("name", "");
  form.count = fields.count_or("count", 0);
  form.total = read_size(fields, "total_bytes");
  form.free = read_size(fields, "free_bytes");
  const std::string capability = fields.text_or("compute_capability", "");
  form.capability = read_capability(capability);
  if (!capability.empty() && !form.capability)
    fields.refuse("compute_capability", "expected a text such as \"9.0\", found \"" + capability.substr(0, 20) + '"');
  return fields.error() ? Problem(*fields.error()) : std::nullopt;
}

Problem read_engine_member(const json::Fields& fields, vllm::Engine& engine) {
  const json::Value* member = fields.find("engine");
  if (!member) return std::nullopt;
  if (auto error = refuse_unknown(*member, "request: \"engine\"", kEngineMembers)) return error;
  const json::Fields inner = fields.inner("engine");
  const std::string name = inner.text_or("name", "vllm"), version = inner.text_or("version", "");
  if (inner.error()) return *inner.error();
  if (name != "vllm")
    return Error{ErrorCode::kUnsupported, "request: \"engine\": \"name\"",
                 '"' + name.substr(0, 40) + "\" is not modelled", "leave it out or give \"vllm\""};
  if (version.empty()) return std::nullopt;
  auto read = vllm::read_engine(version);
  if (!read) return read.error();
  engine = *std::move(read);
  return std::nullopt;
}

/// What is around the launch: other tenants of the GPU, the environment.
Problem read_surroundings(const json::Fields& fields, RequestForm& form) {
  if (const json::Value* also = fields.find("also")) {
    if (!also->array())
      return Error{ErrorCode::kBadInput, "request: \"also\"", "expected a list, found " + json::describe(*also), ""};
    form.also = *also->array();
  }
  const json::Value* environment = fields.find("environment");
  if (!environment) return std::nullopt;
  if (!environment->object())
    return Error{ErrorCode::kBadInput, "request: \"environment\"",
                 "expected an object, found " + json::describe(*environment), ""};
  for (const auto& [name, value] : environment->object()->members()) {
    if (!value.string())
      return Error{ErrorCode::kBadInput, "request: \"environment\": \"" + name.substr(0, 80) + '"',
                   "expected a text, found " + json::describe(value), ""};
    form.environment.emplace_back(name, *value.string());
  }
  return std::nullopt;
}

constexpr std::int64_t kMostUnlike = 1024;

/// "3090,2x4090": three GPUs, in the order of the ranks.
Result<plan::GpuChoice> unlike_gpus(const GpuForm& form, const char* place) {
  if (form.total || form.free || form.capability || form.count > 0)
    return Error{ErrorCode::kBadInput, place, "figures of one GPU cannot go with the names of several",
                 "leave either out"};
  plan::GpuChoice choice;
  for (std::string_view rest = form.name; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    const auto found = hardware::find_gpu(name, place);
    if (!found) return found.error();
    choice.unlike.insert(choice.unlike.end(), std::size_t(found->count), found->gpu);
    if (std::int64_t(choice.unlike.size()) > kMostUnlike)
      return Error{ErrorCode::kTooLarge, place, "more than 1024 GPUs", ""};
  }
  if (choice.unlike.empty()) return Error{ErrorCode::kBadInput, place, "no GPU is named between the commas", ""};
  choice.gpu = *std::ranges::min_element(choice.unlike, {}, &hardware::Gpu::total);
  choice.count = std::int64_t(choice.unlike.size());
  const bool same = std::ranges::all_of(choice.unlike, [&](const hardware::Gpu& gpu) {
    return gpu.id == choice.gpu.id && gpu.total == choice.gpu.total;
  });
  if (same) choice.unlike.clear();
  return choice;
}

}  // namespace

Result<RequestForm> read_request(const json::Value& request) {
  if (auto error = refuse_unknown(request, "request", kMembers)) return *error;
  const json::Fields fields(request, "request");
  RequestForm form;
  if (auto error = read_model(fields.find("model"), form.model)) return *error;
  if (auto error = read_gpu(fields.find("gpu"), form.gpu)) return *error;
  if (auto error = read_engine_member(fields, form.engine)) return *error;
  if (const json::Value* args = fields.find("args")) {
    if (!args->object())
      return Error{ErrorCode::kBadInput, "request: \"args\"", "expected an object, found " + json::describe(*args), ""};
    form.args = *args->object();
  }
  if (const json::Value* workload = fields.find("workload")) {
    if (auto error = refuse_unknown(*workload, "request: \"workload\"", kWorkloadMembers)) return *error;
    const json::Fields inner = fields.inner("workload");
    form.workload = plan::Workload{inner.count("concurrent_requests"), inner.count("context_tokens")};
  }
  form.profile = fields.text_or("profile", "");
  if (const json::Value* calibration = fields.find("calibration")) {
    auto read = read_calibration(*calibration, "request: \"calibration\"");
    if (!read) return read.error();
    form.calibration = *std::move(read);
  }
  if (const json::Value* overheads = fields.find("overheads")) form.overheads = *overheads;
  if (auto error = read_surroundings(fields, form)) return *std::move(error);
  if (fields.error()) return *fields.error();
  return form;
}

Result<plan::GpuChoice> choose_gpu(const GpuForm& form) {
  static constexpr const char* kPlace = "request: \"gpu\"";
  if (form.name.find(',') != std::string::npos) return unlike_gpus(form, kPlace);
  plan::GpuChoice choice;
  if (!form.name.empty()) {
    auto found = hardware::find_gpu(form.name, kPlace);
    if (!found && !(form.total && form.capability)) return found.error();
    if (found) {
      choice.gpu = found->gpu;
      choice.count = found->count;
    } else {
      choice.gpu.name = choice.gpu.driver_name = form.name;
    }
  } else if (form.total) {
    choice.gpu.name = "GPU of " + fixed(gib(*form.total), 2) + " GiB";
    choice.gpu.capability = {9, 0};
  } else {
    return Error{ErrorCode::kBadInput, kPlace, "neither \"name\" nor \"total_bytes\" is given",
                 "give a name of `vram-estimator gpus`"};
  }
  if (form.total) choice.gpu.total = *form.total;
  if (form.free) choice.gpu.free = form.free;
  if (form.capability) choice.gpu.capability = *form.capability;
  if (form.count > 0) choice.count = form.count;
  if (choice.gpu.total <= Bytes(0))
    return Error{ErrorCode::kBadInput, std::string(kPlace) + ": \"total_bytes\"", "expected more than 0 bytes", ""};
  return choice;
}

}  // namespace vram::options
