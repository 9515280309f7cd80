#include "diagnosis/diagnose.h"

#include "json/fields.h"
#include "report/diagnosis_json.h"
#include "server/route.h"

namespace vram::server::routes {
namespace {

/// What the body says besides the log: model, GPU and release, as a request says them.
Result<diagnosis::Told> told_by(const json::Fields& fields) {
  diagnosis::Told told;
  told.model = fields.text_or("model", "");
  if (const std::string version = fields.text_or("vllm_version", ""); !version.empty()) {
    auto engine = vllm::read_engine(version);
    if (!engine) return engine.error();
    told.engine = *std::move(engine);
  }
  if (const std::string name = fields.text_or("gpu", ""); !name.empty()) {
    options::GpuForm gpu;
    gpu.name = name;
    if (const auto known = options::choose_gpu(gpu); !known) return known.error();
    told.gpu = std::move(gpu);
  }
  if (fields.error()) return *fields.error();
  return told;
}

Result<json::Value> diagnosed(const Call& call) {
  const auto body = read_object(call.body);
  if (!body) return body.error();
  const json::Fields fields(*body, "body");
  const std::string log = fields.text_or("log", "");
  const auto told = told_by(fields);
  if (!told) return told.error();
  const diagnosis::Complete complete = [&](const options::RequestForm& form) -> Result<plan::Request> {
    auto known = admitted(form, call.services);
    if (!known) return known.error();
    return io::complete(*known, call.services.machine);
  };
  return report::diagnosis_json(diagnosis::diagnose(logs::read(log), *told, complete));
}

Answer run(const Call& call) {
  const auto value = diagnosed(call);
  return value ? json_answer(*value) : error_answer(value.error());
}

}  // namespace

extern const Route diagnose;
const Route diagnose{
    .method = "POST",
    .path = "/v1/diagnose",
    .summary = "What a start-up log says happened, and what would have worked",
    .work = Route::Work::kLong,
    .most_body = 32u << 20,
    .request = "diagnose",
    .run = run,
};

}  // namespace vram::server::routes
