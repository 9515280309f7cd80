#include "plan/max_context.h"

#include "report/max_context_text.h"
#include "server/route.h"

namespace vram::server::routes {
namespace {

Answer run(const Call& call) {
  const auto form = read_form(call.body, call.services);
  if (!form) return error_answer(form.error());
  const auto request = io::complete(*form, call.services.machine);
  if (!request) return error_answer(request.error());
  const auto found = plan::max_context(*request);
  return found ? json_answer(report::max_context_json(*found)) : error_answer(found.error());
}

}  // namespace

extern const Route max_context;
const Route max_context{
    .method = "POST",
    .path = "/v1/max-context",
    .summary = "The longest context that starts, and the report there",
    .request = "request",
    .run = run,
};

}  // namespace vram::server::routes
