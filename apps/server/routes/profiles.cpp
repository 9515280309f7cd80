#include "io/user_profiles.h"
#include "report/formula_json.h"
#include "server/route.h"

namespace vram::server::routes {
namespace {

Answer run(const Call&) { return json_answer(report::profiles_json(io::load_profiles(std::nullopt).profiles)); }

}  // namespace

extern const Route profiles;
const Route profiles{
    .method = "GET",
    .path = "/v1/profiles",
    .summary = "Overhead profiles of formula mode: built in, and the user's own",
    .run = run,
};

}  // namespace vram::server::routes
