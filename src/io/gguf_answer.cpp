#include "io/gguf_request.h"
#include "report/llamacpp_report.h"

namespace vram::io {

Result<std::optional<json::Value>> gguf_answer(const options::RequestForm& form, const Machine& machine) {
  const auto found = find_gguf(form.model.source, machine);
  if (!found) return found.error();
  if (!*found) return std::optional<json::Value>();
  const auto request = complete_gguf(form, machine);
  if (!request) return request.error();
  const auto report = llamacpp::plan(*request);
  if (!report) return report.error();
  return std::optional(report::llamacpp_json(*report));
}

}  // namespace vram::io
