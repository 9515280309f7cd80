#include "io/registry.h"

#include "server/route.h"

namespace vram::server::routes {
namespace {

std::vector<Parameter> parameters() { return {{"search", "words that an entry holds"}}; }

Answer run(const Call& call) {
  const auto file = io::registry_file(call.services.machine.registry);
  if (!file) return error_answer(file.error());
  const auto entries = io::load_registry(*file);
  if (!entries) return error_answer(entries.error());
  const std::string* search = call.query.find("search");
  return json_answer(io::entries_json(entries->search(search ? *search : "")));
}

}  // namespace

extern const Route registry;
const Route registry{
    .method = "GET",
    .path = "/v1/registry",
    .summary = "The entries of the ImageWorks model registry",
    .parameters = parameters,
    .run = run,
};

}  // namespace vram::server::routes
