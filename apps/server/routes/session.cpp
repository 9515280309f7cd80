#include "server/route.h"

namespace vram::server::routes {
namespace {

/// Only a page of this very origin can read the answer, so only it can write.
Answer run(const Call& call) {
  json::Object session;
  session.set("write_token", json::Value(call.services.write_token));
  session.set("version", json::Value(VRAM_VERSION));
  return json_answer(json::Value(std::move(session)));
}

}  // namespace

extern const Route session;
const Route session{
    .method = "GET",
    .path = "/v1/session",
    .summary = "The token that writing calls take as X-Write-Token; another one at each start of the service",
    .run = run,
};

}  // namespace vram::server::routes
