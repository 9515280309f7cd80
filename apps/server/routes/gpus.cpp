#include "hardware/catalogue.h"
#include "report/gpu_table.h"
#include "server/route.h"

namespace vram::server::routes {
namespace {

Answer run(const Call&) { return json_answer(report::gpu_catalogue_json(hardware::catalogue())); }

}  // namespace

extern const Route gpus;
const Route gpus{
    .method = "GET",
    .path = "/v1/gpus",
    .summary = "The GPUs of the catalogue",
    .run = run,
};

}  // namespace vram::server::routes
