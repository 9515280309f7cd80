#include <algorithm>

#include "io/gguf_request.h"
#include "report/llamacpp_report.h"

namespace vram::io {
namespace {

/// The plan; nothing where the form names no GGUF file.
Result<std::optional<llamacpp::Report>> planned(const options::RequestForm& form, const Machine& machine) {
  const auto found = find_gguf(form.model.source, machine);
  if (!found) return found.error();
  if (!*found) return std::optional<llamacpp::Report>();
  const auto request = complete_gguf(form, machine);
  if (!request) return request.error();
  auto report = llamacpp::plan(*request);
  if (!report) return report.error();
  return std::optional(*std::move(report));
}

}  // namespace

Result<llamacpp::Request> complete_loaded(const options::RequestForm& form, llamacpp::Settings settings,
                                          const HubGguf& loaded, const Machine& machine) {
  auto model = llamacpp::describe(loaded.model, form.model.source);
  if (!model) return model.error();
  const std::string place = settings.projector.empty() ? "the projector of " + form.model.source : settings.projector;
  const auto projector = loaded.projector ? llamacpp::projector_weights(*loaded.projector, place) : Bytes(0);
  if (!projector) return projector.error();
  auto gpu = gpu_for(form.gpu, machine);
  if (!gpu) return gpu.error();
  return llamacpp::Request{*std::move(model), std::move(settings), *projector, gpu->gpu,
                           std::max<std::int64_t>(gpu->count, 1)};
}

Result<std::optional<json::Value>> gguf_answer(const options::RequestForm& form, const Machine& machine) {
  const auto report = planned(form, machine);
  if (!report) return report.error();
  return *report ? std::optional(report::llamacpp_json(**report)) : std::nullopt;
}

Result<std::optional<json::Value>> gguf_page(const options::RequestForm& form, const Machine& machine) {
  const auto report = planned(form, machine);
  if (!report) return report.error();
  if (!*report) return std::optional<json::Value>();
  json::Object object;
  object.set("sentence", json::Value(report::llamacpp_sentence(**report)));
  object.set("report", report::llamacpp_json(**report));
  return std::optional(json::Value(std::move(object)));
}

}  // namespace vram::io
