#include "server/openapi.h"
#include "server/route.h"

namespace vram::server::routes {
namespace {

Answer run(const Call&) { return json_answer(openapi()); }

}  // namespace

extern const Route openapi_json;
const Route openapi_json{
    .method = "GET",
    .path = "/openapi.json",
    .summary = "This description",
    .run = run,
};

}  // namespace vram::server::routes
