#include "server/services.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace vram::server {
namespace {

constexpr std::string_view kFileEndings[] = {".json", ".gguf", ".safetensors", ".bin", ".index"};

constexpr std::string_view kKinds[] = {"catalog:", "registry:", "ollama:"};  // of names that are no file's

/// Anything that can only be meant for a file. "org/name" is not: it is a name of the catalogue and the hub.
bool looks_like_path(std::string_view source) {
  if (source.starts_with('/') || source.starts_with('.') || source.starts_with('~') || source.starts_with('-'))
    return true;
  if (source.find("..") != std::string_view::npos || source.find('\\') != std::string_view::npos) return true;
  for (const std::string_view ending : kFileEndings)
    if (source.ends_with(ending)) return true;
  return false;
}

std::optional<std::string> real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real ? std::optional<std::string>(real.get()) : std::nullopt;
}

bool within(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) &&
         (path.size() == folder.size() || folder.ends_with('/') || path[folder.size()] == '/');
}

bool within_one(std::string_view path, const std::vector<std::string>& folders) {
  return std::ranges::any_of(folders, [&](const std::string& folder) { return within(path, folder); });
}

Error not_allowed(const char* place) {
  return {ErrorCode::kNotFound, place, "no such file in a folder that this service may read",
          "start it with --allow-path FOLDER, or send its content"};
}

}  // namespace

std::shared_ptr<io::Recall> Machines::idle() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return nullptr;
  std::shared_ptr<io::Recall> recall = std::move(free_.back());
  free_.pop_back();
  return recall;
}

std::shared_ptr<const io::Machine> Machines::take(const io::Reach& reach) {
  std::shared_ptr<io::Recall> recall = idle();
  if (!recall) recall = std::make_shared<io::Recall>(plain_);
  recall->reach(reach);
  const io::Machine* machine = &recall->machine();
  return {machine, [this, recall = std::move(recall)](const io::Machine*) mutable {
            const std::lock_guard lock(mutex_);
            free_.push_back(std::move(recall));
          }};
}

Result<std::string> real_folder(const std::string& folder) {
  if (auto real = real_path(folder)) return *std::move(real);
  return Error{ErrorCode::kNotFound, folder, "there is no such folder", ""};
}

Result<std::string> allowed_file(const std::string& path, const std::vector<std::string>& allowed, const char* place) {
  const auto real = path.find('\0') == std::string::npos ? real_path(path) : std::nullopt;
  if (real && within_one(*real, allowed)) return *real;
  return not_allowed(place);
}

Result<std::string> admitted(const std::string& source, const std::vector<std::string>& allowed) {
  if (source.find('\0') != std::string::npos)
    return Error{ErrorCode::kBadInput, "model.source", "a name has no NUL in it", ""};
  for (const std::string_view kind : kKinds)
    if (source.starts_with(kind) && !looks_like_path(source)) return source;
  const bool is_path = looks_like_path(source);
  std::error_code ignored;
  if (!is_path && !std::filesystem::exists(source, ignored)) return source;
  const auto real = real_path(source);
  if (real && within_one(*real, allowed)) return *real;
  if (is_path) return not_allowed("model.source");
  // A name that happens to be a file's here, too, is the catalogue's.
  return real ? "catalog:" + source : source;
}

}  // namespace vram::server
