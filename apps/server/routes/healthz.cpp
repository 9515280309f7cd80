#include "server/route.h"

namespace vram::server::routes {
namespace {

Answer run(const Call&) { return {200, "application/json", "{\"status\": \"ok\"}"}; }

}  // namespace

extern const Route healthz;
const Route healthz{
    .method = "GET",
    .path = "/healthz",
    .summary = "Whether the service answers",
    .run = run,
};

}  // namespace vram::server::routes
