#include "io/ollama.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "io/files.h"
#include "json/value.h"

namespace vram::io {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kMostManifest(4 * kMiB);
constexpr std::string_view kHost = "registry.ollama.ai", kNamespace = "library", kTag = "latest";
constexpr std::string_view kModel = "application/vnd.ollama.image.model",
                           kProjector = "application/vnd.ollama.image.projector",
                           kParameters = "application/vnd.ollama.image.params";

std::vector<fs::path> stores() {
  if (const char* folder = std::getenv("OLLAMA_MODELS"); folder && *folder) return {folder};
  std::vector<fs::path> found;
  if (const char* home = std::getenv("HOME"); home && *home) found.push_back(fs::path(home) / ".ollama" / "models");
  found.emplace_back("/usr/share/ollama/.ollama/models");
  return found;
}

/// Letters, digits and ".-_", and not only dots: nothing that could lead out of the store.
bool is_part(std::string_view part) {
  if (part.empty() || part.find_first_not_of('.') == std::string_view::npos) return false;
  return part.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
         std::string_view::npos;
}

/// "qwen3:8b" -> "registry.ollama.ai/library/qwen3/8b".
Result<fs::path> manifest_path(std::string_view name) {
  const std::string place = "ollama:" + std::string(name.substr(0, 200));
  while (name.starts_with('/')) name.remove_prefix(1);
  std::string_view tag = kTag;
  if (const std::size_t colon = name.rfind(':');
      colon != std::string_view::npos && name.find('/', colon) == std::string_view::npos) {
    tag = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t slash = name.find('/');
    parts.push_back(name.substr(0, slash));
    if (slash == std::string_view::npos) break;
    name.remove_prefix(slash + 1);
  }
  if (parts.size() == 1) parts.insert(parts.begin(), kNamespace);
  if (parts.size() == 2) parts.insert(parts.begin(), kHost);
  parts.push_back(tag);
  fs::path path;
  for (const std::string_view part : parts) {
    if (!is_part(part) || parts.size() != 4)
      return Error{ErrorCode::kBadInput, place, "Ollama has no such names", "give it as `ollama list` prints it"};
    path /= part;
  }
  return path;
}

/// "sha256:0a1b…" -> its file.
std::optional<fs::path> blob_path(const fs::path& store, std::string_view digest) {
  static constexpr std::string_view kKind = "sha256:";
  if (!digest.starts_with(kKind) || digest.size() != kKind.size() + 64) return std::nullopt;
  const std::string_view hex = digest.substr(kKind.size());
  if (hex.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  return store / "blobs" / ("sha256-" + std::string(hex));
}

std::optional<Tokens> context_of(const fs::path& parameters) {
  const auto text = read_file(parameters.string(), kMostManifest);
  const auto value = text ? json::parse(*text, parameters.string()) : Result<json::Value>(text.error());
  const json::Value* context = value ? value->find("num_ctx") : nullptr;
  if (!context || !context->integer() || *context->integer() < 1) return std::nullopt;
  return Tokens(*context->integer());
}

Result<OllamaModel> read_manifest(const fs::path& store, const fs::path& manifest) {
  const std::string place = manifest.string();
  const auto text = read_file(place, kMostManifest);
  if (!text) return text.error();
  const auto value = json::parse(*text, place);
  if (!value) return value.error();
  const json::Value* layers = value->find("layers");
  OllamaModel found;
  if (layers && layers->array())
    for (const json::Value& layer : *layers->array()) {
      const json::Value *kind = layer.find("mediaType"), *digest = layer.find("digest");
      if (!kind || !kind->string() || !digest || !digest->string()) continue;
      const auto blob = blob_path(store, *digest->string());
      if (!blob) return Error{ErrorCode::kBadInput, place, "it has a digest that is none", "pull the model again"};
      if (*kind->string() == kModel && found.model.empty()) found.model = blob->string();
      if (*kind->string() == kProjector) found.projector = blob->string();
      if (*kind->string() == kParameters) found.context = context_of(*blob);
    }
  if (found.model.empty())
    return Error{ErrorCode::kBadInput, place, "it lists no model", "is it a manifest of Ollama?"};
  return found;
}

}  // namespace

Result<OllamaModel> find_ollama(std::string_view name) {
  const auto path = manifest_path(name);
  if (!path) return path.error();
  std::error_code ignored;
  for (const fs::path& store : stores()) {
    const fs::path manifest = store / "manifests" / *path;
    if (fs::is_regular_file(manifest, ignored)) return read_manifest(store, manifest);
  }
  return Error{ErrorCode::kNotFound, "ollama:" + std::string(name), "it is not in Ollama's store here",
               "`ollama list` prints what is; OLLAMA_MODELS names another store"};
}

}  // namespace vram::io
