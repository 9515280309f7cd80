#include "server/metrics.h"

#include "server/route.h"

namespace vram::server::routes {
namespace {

Answer run(const Call& call) { return {200, "text/plain; version=0.0.4", call.services.metrics()}; }

}  // namespace

extern const Route metrics;
const Route metrics{
    .method = "GET",
    .path = "/metrics",
    .summary = "Counters for Prometheus",
    .run = run,
};

}  // namespace vram::server::routes
