#include "json/write.h"
#include "server/route.h"

namespace vram::server::routes {
namespace {

std::string each_line(std::string_view line, const Services& services) {
  const auto form = read_form(line, services);
  return json::write_line(form ? io::answer(*form, services.machine) : io::error_json(form.error()));
}

}  // namespace

extern const Route batch;
const Route batch{
    .method = "POST",
    .path = "/v1/batch",
    .summary = "Requests in JSON lines, reports in JSON lines, in order; a bad line gives an error object",
    .most_body = 64u << 20,
    .each_line = each_line,
};

}  // namespace vram::server::routes
