#include "readers/catalogue.h"
#include "server/route.h"

namespace vram::server::routes {
namespace {

std::vector<Parameter> parameters() { return {{"search", "words that the name holds"}}; }

Answer run(const Call& call) {
  const std::string* search = call.query.find("search");
  const std::vector<std::string> names = search_catalogue(search ? *search : "");
  return json_answer(json::Value(json::Array(names.begin(), names.end())));
}

}  // namespace

extern const Route models;
const Route models{
    .method = "GET",
    .path = "/v1/models",
    .summary = "The models of the catalogue",
    .parameters = parameters,
    .run = run,
};

}  // namespace vram::server::routes
