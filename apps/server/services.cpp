#include "server/services.h"

#include <cstdlib>
#include <filesystem>
#include <unordered_map>

#include "io/hub_settings.h"
#include "io/user_models.h"

namespace vram::server {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFileEndings[] = {".json", ".gguf", ".safetensors", ".bin", ".index"};

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

}  // namespace

/// Models by name, as they were read last. Files are read anew each time; the user's catalogue is looked at.
class ReadModels {
 public:
  Result<std::shared_ptr<const ModelSource>> operator()(const std::string& name, const io::Reach& reach) {
    std::error_code none;
    if (!name.starts_with(kCatalogue) && fs::exists(name, none)) return io::load(name, reach);
    const auto folder = io::user_models_folder(io::process_variable);
    const auto changed = folder ? fs::last_write_time(*folder, none) : fs::file_time_type();
    if (changed != changed_ || read_.size() >= kMost) read_.clear();
    changed_ = changed;
    if (const auto known = read_.find(name); known != read_.end()) return known->second;
    auto read = io::load(name, reach);
    if (read) read_.emplace(name, *read);
    return read;
  }

 private:
  static constexpr std::size_t kMost = 64;
  static constexpr std::string_view kCatalogue = "catalog:";
  fs::file_time_type changed_;
  std::unordered_map<std::string, std::shared_ptr<const ModelSource>> read_;
};

class Machines::Desk {
 public:
  explicit Desk(const io::Machine& plain) : machine(plain) {
    machine.read = [this](const std::string& name, const io::Reach& reach) { return read_(name, reach); };
    machine.planner = &planner_;
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  io::Machine machine;

 private:
  static constexpr std::size_t kMostDerived = 64;
  ReadModels read_;
  plan::Planner planner_{kMostDerived};
};

std::shared_ptr<Machines::Desk> Machines::free_desk() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return nullptr;
  std::shared_ptr<Desk> desk = std::move(free_.back());
  free_.pop_back();
  return desk;
}

std::shared_ptr<const io::Machine> Machines::take() {
  std::shared_ptr<Desk> desk = free_desk();
  if (!desk) desk = std::make_shared<Desk>(plain_);
  const io::Machine* machine = &desk->machine;
  return {machine, [this, desk = std::move(desk)](const io::Machine*) mutable {
            const std::lock_guard lock(mutex_);
            free_.push_back(std::move(desk));
          }};
}

Result<std::string> real_folder(const std::string& folder) {
  if (auto real = real_path(folder)) return *std::move(real);
  return Error{ErrorCode::kNotFound, folder, "there is no such folder", ""};
}

Result<std::string> admitted(const std::string& source, const std::vector<std::string>& allowed) {
  if (source.find('\0') != std::string::npos)
    return Error{ErrorCode::kBadInput, "model.source", "a name has no NUL in it", ""};
  if (source.find(':') != std::string::npos && !looks_like_path(source)) return source;  // "catalog:NAME"
  const auto real = real_path(source);
  if (real)
    for (const std::string& folder : allowed)
      if (within(*real, folder)) return *real;
  if (looks_like_path(source))
    return Error{ErrorCode::kNotFound, "model.source", "no such file in a folder that this service may read",
                 "start it with --allow-path FOLDER, or send the config itself as \"config\""};
  // A name that happens to be a file's here, too, is the catalogue's.
  return real ? "catalog:" + source : source;
}

}  // namespace vram::server
