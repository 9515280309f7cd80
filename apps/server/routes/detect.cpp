#include "server/route.h"

namespace vram::server::routes {
namespace {

Answer run(const Call& call) { return answer_of(call.services.detected()); }

}  // namespace

extern const Route detect;
const Route detect{
    .method = "GET",
    .path = "/v1/detect",
    .summary = "The GPUs of the machine that the service runs on",
    .work = Route::Work::kLong,
    .run = run,
};

}  // namespace vram::server::routes
