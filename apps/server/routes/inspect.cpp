#include "plan/inspect.h"

#include "report/inspect_text.h"
#include "server/route.h"

namespace vram::server::routes {
namespace {

Result<json::Value> inspected(const Call& call) {
  const auto form = read_form(call.body, call.services);
  if (!form) return form.error();
  const auto request = io::complete(*form, call.services.machine);
  if (!request) return request.error();
  auto deployment = plan::resolve(*request->model, request->args, request->engine, request->gpu);
  if (!deployment) return deployment.error();
  const auto exact = plan::derive(*request->model, *std::move(deployment));
  if (!exact) return exact.error();
  const auto tensors = plan::inspect(*exact, 0);
  if (!tensors) return tensors.error();
  return report::inspect_json(*exact, 0, *tensors);
}

Answer run(const Call& call) {
  const auto value = inspected(call);
  return value ? json_answer(*value) : error_answer(value.error());
}

}  // namespace

extern const Route inspect;
const Route inspect{
    .method = "POST",
    .path = "/v1/inspect",
    .summary = "Every tensor of the first stage's rank",
    .request = "request",
    .run = run,
};

}  // namespace vram::server::routes
