// What the engine asks of files, where there are none: names are the catalogue's, and no registry lies anywhere. GGUF
// files that the page has opened: opened_files.cpp.
#include "io/load.h"
#include "io/registry.h"
#include "readers/catalogue.h"

namespace vram::io {
namespace {

Error no_file(std::string place) {
  return {ErrorCode::kUnavailable, std::move(place), "a page cannot open files by name", "open the file in the page"};
}

}  // namespace

Result<std::shared_ptr<const ModelSource>> load(const std::string& typed, const Reach&) {
  constexpr std::string_view kCatalogue = "catalog:";
  std::string_view name = typed;
  if (name.starts_with(kCatalogue)) name.remove_prefix(kCatalogue.size());
  auto source = catalogue_model(name);
  if (!source) return source.error();
  return std::make_shared<const ModelSource>(*std::move(source));
}

Result<std::string> registry_file(const std::optional<std::string>& given) {
  return no_file(given.value_or("registry"));
}

Result<registry::Registry> load_registry(const std::string& file) { return no_file(file); }

std::optional<std::string> registry_name(const std::string&) { return std::nullopt; }

Result<Launch> launch_of(const registry::Entry& entry, const vllm::Engine&) { return no_file(entry.name); }

}  // namespace vram::io
