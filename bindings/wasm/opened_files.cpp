#include "opened_files.h"

#include <map>

#include "io/gguf_request.h"

namespace vram::io {
namespace {

std::map<std::string, gguf::File>& opened() {
  static std::map<std::string, gguf::File> files;
  return files;
}

/// The model of that name, with all its parts where it is split.
Result<gguf::File> load_opened(const std::string& name) {
  std::vector<std::string> names = gguf::part_names(name);
  if (names.empty()) names = {name};
  std::vector<gguf::File> parts;
  for (const std::string& each : names) {
    const auto found = opened().find(each);
    if (found == opened().end())
      return Error{ErrorCode::kNotFound, each, "it is not open in this page", "open it beside the model"};
    parts.push_back(found->second);
  }
  return gguf::joined(std::move(parts), name);
}

}  // namespace

json::Value open_file(const std::string& name, std::span<const std::byte> front, Bytes size) {
  auto file = gguf::read_gguf(front, size, name);
  if (!file) return error_json(file.error());
  json::Object object;
  object.set("more", json::Value(!file->has_value()));
  if (*file) opened().insert_or_assign(name, **std::move(file));
  return json::Value(std::move(object));
}

Result<std::optional<GgufSource>> find_gguf(const std::string& source, const Machine&) {
  if (!opened().contains(source)) return std::optional<GgufSource>();
  return std::optional(GgufSource{source, {}, {}, {}});
}

Result<llamacpp::Request> complete_gguf(const options::RequestForm& form, const Machine& machine) {
  auto settings = llamacpp::read_settings(form.args);
  if (!settings) return settings.error();
  auto model = load_opened(form.model.source);
  if (!model) return model.error();
  HubGguf loaded{*std::move(model), {}};
  if (!settings->projector.empty()) {
    auto projector = load_opened(settings->projector);
    if (!projector) return projector.error();
    loaded.projector = *std::move(projector);
  }
  return complete_loaded(form, *std::move(settings), loaded, machine);
}

std::optional<Error> gguf_in_vllm(const std::string&, const vllm::Engine&) { return std::nullopt; }

}  // namespace vram::io
