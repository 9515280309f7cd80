#include "io/registry.h"

#include <time.h>

#include <cstdlib>
#include <filesystem>

#include "io/files.h"
#include "io/load.h"
#include "io/lock.h"
#include "io/user_profiles.h"
#include "registry/diff.h"
#include "units/fingerprint.h"
#include "vllm/arguments.h"

namespace vram::io {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kMostRegistry(64 * kMiB);
constexpr std::string_view kRegistry = "registry:";
constexpr const char* kVariable = "VRAM_REGISTRY";
constexpr const char* kHere = "configs/model_registry.json";
constexpr int kTries = 10;
constexpr timespec kBetween{0, 50'000'000};

/// One go at it from the text that was read; nothing where the file has changed since.
Result<std::optional<Applied>> apply_to(const std::string& before, const std::string& file, const std::string& name,
                                        const registry::Settings& settings, bool dry_run) {
  const auto after = registry::with_settings(before, file, name, settings);
  if (!after) return after.error();
  Applied applied{registry::unified_diff(before, *after, file), "", fingerprint(before)};
  if (dry_run || before == *after) return std::optional(std::move(applied));
  applied.fingerprint = fingerprint(*after);
  auto backup = write_backup(file, before);
  if (!backup) return backup.error();
  applied.backup = *std::move(backup);
  const auto written = replace_file(file, before, *after);
  if (!written) return written.error();
  return *written ? std::optional(std::move(applied)) : std::nullopt;
}

Error changed_since(const std::string& file) {
  return {ErrorCode::kRefused, file, "it has changed since", "its backup would undo that too; edit the entry again"};
}

/// A flag of `words` and its values: up to the next word that begins with a dash and is no number.
std::span<const std::string> first_flag(std::span<const std::string> words) {
  std::size_t count = 1;
  while (count < words.size() && !words[count].starts_with("--")) ++count;
  return words.first(count);
}

}  // namespace

Result<std::string> registry_file(const std::optional<std::string>& given) {
  if (given) return *given;
  if (const char* named = std::getenv(kVariable); named && *named) return std::string(named);
  std::error_code ignored;
  if (fs::exists(kHere, ignored)) return std::string(kHere);
  if (const auto users = user_file("model_registry.json"); users && fs::exists(*users, ignored)) return *users;
  return Error{ErrorCode::kNotFound, "registry", "no registry was given",
               "name its file with --registry FILE or in VRAM_REGISTRY"};
}

Result<registry::Registry> load_registry(const std::string& file) {
  const auto text = read_file(file, kMostRegistry);
  if (!text) return text.error();
  return registry::read_registry(*text, file);
}

Result<std::shared_ptr<const ModelSource>> model_of(const registry::Entry& entry) {
  std::string tried;
  for (const std::string& candidate : registry::model_candidates(entry)) {
    auto model = load(candidate);
    if (model) return model;
    tried += (tried.empty() ? "\"" : ", \"") + candidate + '"';
  }
  return Error{ErrorCode::kNotFound, "registry: \"" + entry.name + '"',
               tried.empty() ? "it names no model" : "its model cannot be read as " + tried, ""};
}

json::Value entries_json(const std::vector<const registry::Entry*>& entries) {
  json::Array array;
  for (const registry::Entry* entry : entries) {
    json::Object object;
    object.set("name", json::Value(entry->name));
    object.set("display_name", json::Value(entry->display_name));
    object.set("backend", json::Value(entry->backend_name));
    object.set("quantization", json::Value(entry->quantization));
    object.set("model_path", json::Value(entry->model_path));
    object.set("context_window", entry->context_window ? json::Value(*entry->context_window) : json::Value());
    array.push_back(json::Value(std::move(object)));
  }
  return json::Value(std::move(array));
}

std::optional<std::string> registry_name(const std::string& source) {
  if (!source.starts_with(kRegistry)) return std::nullopt;
  return source.substr(kRegistry.size());
}

Result<Launch> launch_of(const registry::Entry& entry, const vllm::Engine& engine) {
  if (entry.backend != registry::Backend::kVllm)
    return Error{ErrorCode::kUnsupported, "registry: \"" + entry.name + '"',
                 "its backend is \"" + entry.backend_name + "\", not vllm", ""};
  auto model = model_of(entry);
  if (!model) return model.error();
  Launch launch{*std::move(model), {}, {}};
  for (std::span<const std::string> rest = entry.extra_args; !rest.empty();) {
    const auto flag = first_flag(rest);
    rest = rest.subspan(flag.size());
    const auto line = vllm::read_launch_line(flag, engine);
    if (!line) {
      Error warning = line.error();
      warning.place = "registry: \"" + entry.name + "\": " + warning.place;
      launch.warnings.push_back(std::move(warning));
      continue;
    }
    for (const auto& [name, value] : line->arguments.members()) launch.args.set(name, value);
  }
  return launch;
}

Result<Applied> apply_settings(const std::string& file, const std::string& name, const registry::Settings& settings,
                               bool dry_run) {
  std::optional<FileLock> held;
  if (!dry_run) {
    auto lock = lock_file(file);
    if (!lock) return lock.error();
    held.emplace(*std::move(lock));
  }
  // A complaint counts once the file stands still: one that is written in place is cut short for a moment.
  std::string last;
  for (int i = 0; i < kTries; ++i) {
    const auto before = read_file(file, kMostRegistry);
    if (!before) return before.error();
    auto applied = apply_to(*before, file, name, settings, dry_run);
    if (applied && *applied) return **std::move(applied);
    if (!applied && *before == last) return applied.error();
    last = *before;
    ::nanosleep(&kBetween, nullptr);
  }
  return Error{ErrorCode::kUnavailable, file, "another process keeps changing it", "try again later"};
}

Result<Applied> restore_backup(const std::string& file, const std::string& backup, const std::string& fingerprint) {
  if (backup != backup_of(file))
    return Error{ErrorCode::kNotFound, "backup", "it is none of this registry", "give the one that applying answered"};
  const auto lock = lock_file(file);
  if (!lock) return lock.error();
  const auto now = read_file(file, kMostRegistry);
  if (!now) return now.error();
  if (vram::fingerprint(*now) != fingerprint) return changed_since(file);
  const auto before = read_file(backup, kMostRegistry);
  if (!before) return before.error();
  if (const auto read = registry::read_registry(*before, backup); !read) return read.error();
  Applied restored{registry::unified_diff(*now, *before, file), "", vram::fingerprint(*before)};
  if (*now == *before) return restored;
  const auto written = replace_file(file, *now, *before);
  if (!written) return written.error();
  if (!*written) return changed_since(file);
  restored.backup = backup;
  return restored;
}

}  // namespace vram::io
