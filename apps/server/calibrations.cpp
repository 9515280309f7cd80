// The calibrations of the user whom the service runs as.
#include "io/calibrations.h"

#include <algorithm>
#include <iterator>

#include "diagnosis/learn.h"
#include "json/fields.h"
#include "options/calibration_form.h"
#include "server/handlers.h"
#include "vllm/arguments.h"

namespace vram::server {
namespace {

/// Names alone: io::load_calibration takes a path for a file.
Result<plan::Calibration> named(const std::string& name) {
  const std::vector<std::string> names = io::calibration_names();
  if (std::ranges::find(names, name) != names.end()) return io::load_calibration(name);
  return Error{ErrorCode::kNotFound, "calibration", "there is none of that name", "GET /v1/calibrations lists them"};
}

Result<diagnosis::Told> told_in(const json::Fields& fields) {
  diagnosis::Told told;
  told.model = fields.text_or("model", "");
  if (const std::string gpu = fields.text_or("gpu", ""); !gpu.empty()) told.gpu.emplace().name = gpu;
  if (const std::string version = fields.text_or("vllm_version", ""); !version.empty()) {
    auto engine = vllm::read_engine(version);
    if (!engine) return engine.error();
    told.engine = *std::move(engine);
  }
  const json::Value& args = fields.inner("args").value();
  if (fields.error()) return *fields.error();
  auto typed = vllm::read_arguments(*args.object(), told.engine.value_or(vllm::newest()));
  if (!typed) return typed.error();
  told.args = *std::move(typed);
  return told;
}

Result<json::Value> learnt(const Call& call) {
  const json::Fields fields(call.body, "body");
  plan::Calibration calibration;
  calibration.name = fields.text_or("profile", "default");
  const bool add = fields.flag_or("add", false);
  const std::vector<std::string> logs = fields.texts("logs");
  const auto told = told_in(fields);
  if (!told) return told.error();
  if (add)
    if (auto kept = named(calibration.name)) calibration.observations = std::move(kept->observations);
  const auto made = [&](const options::RequestForm& form) { return io::complete(form, call.machine); };
  Error nothing{ErrorCode::kBadInput, "body: \"logs\"", "nothing was learnt",
                "give start-up logs that come as far as the size of the KV cache"};
  const std::size_t before = calibration.observations.size();
  for (std::size_t i = 0; i < logs.size(); ++i) {
    auto found = diagnosis::learn(logs[i], "log " + std::to_string(i + 1), *told, made);
    if (!found) return found.error();
    if (!found->left_out.empty()) nothing.hint = found->left_out.front().sentence();
    std::ranges::move(found->observations, std::back_inserter(calibration.observations));
  }
  if (calibration.observations.size() == before) return nothing;
  if (auto error = io::save_calibration(calibration)) return *std::move(error);
  return options::calibration_json(calibration);
}

}  // namespace

Answer calibrations(const Call&) {
  const std::vector<std::string> names = io::calibration_names();
  return json_answer(json::Value(json::Array(names.begin(), names.end())));
}

Answer calibration(const Call& call) {
  const std::string* name = call.query.find("name");
  const auto found = named(name ? *name : "default");
  return found ? json_answer(options::calibration_json(*found)) : error_answer(found.error());
}

Answer learn_calibration(const Call& call) { return answer_of(learnt(call)); }

Answer forget_calibration(const Call& call) {
  const json::Fields fields(call.body, "body");
  const std::string name = fields.text_or("name", "");
  if (auto error = io::remove_calibration(name)) return error_answer(*error);
  json::Object answer;
  answer.set("removed", json::Value(name));
  return json_answer(json::Value(std::move(answer)));
}

}  // namespace vram::server
