#include "server/route.h"

namespace vram::server::routes {
namespace {

Answer run(const Call& call) {
  const auto form = read_form(call.body, call.services);
  return form ? answer_of(io::answer(*form, call.services.machine)) : error_answer(form.error());
}

}  // namespace

extern const Route estimate;
const Route estimate{
    .method = "POST",
    .path = "/v1/estimate",
    .summary = "The report for a request: the line that `batch` answers",
    .request = "request",
    .response = "report",
    .run = run,
};

}  // namespace vram::server::routes
