#include "io/hub_cache.h"

#include <algorithm>
#include <filesystem>

#include "io/files.h"
#include "readers/safetensors.h"

namespace vram::io {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kMostHeaderFile(101 * kMiB), kMostKept(65 * kMiB);
constexpr std::string_view kHeader = ".header", kFront = ".front";
constexpr std::string_view kKey = "key";  // what a moving revision's headers are kept under

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

bool is_plain_name(std::string_view text) {
  constexpr std::size_t kLongest = 128;
  return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

/// Writes a file and the folders above it.
bool write_cached(const fs::path& path, std::string_view text) {
  std::error_code problem;
  fs::create_directories(path.parent_path(), problem);
  return !problem && !write_file(path.string(), text, Keep::kWhileItLasts);
}

/// Puts a link where nobody sees it missing in between.
void link_to(const fs::path& target, const fs::path& link) {
  std::error_code problem;
  fs::create_directories(link.parent_path(), problem);
  const fs::path beside = link.string() + ".tmp-link";
  fs::remove(beside, problem);
  fs::create_symlink(target, beside, problem);
  if (!problem) fs::rename(beside, link, problem);
  if (problem) fs::remove(beside, problem);
}

}  // namespace

bool is_commit(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

HubCache::HubCache(const HubSettings& settings, const HubName& name)
    : kind_(settings.kind), revision_(asked_revision(settings, name)) {
  const std::string joined = replaced(name.id, "/", "--");
  folder_ = settings.cache + (kind_ == HubKind::kModelScope ? "/models/" : "/models--") + joined;
  if (!settings.headers.empty()) headers_ = settings.headers + '/' + joined;
  if (kind_ == HubKind::kModelScope && name.revision == "main")
    for (const char* place : {"/models/", "/hub/models/", "/", "/hub/"})
      older_.push_back(settings.cache + place + replaced(name.id, ".", "___"));
}

std::optional<std::string> HubCache::commit() const {
  if (kind_ == HubKind::kModelScope || is_commit(revision_)) return revision_;
  constexpr Bytes kMostRef(100);
  auto text = read_file(folder_ + "/refs/" + revision_, kMostRef);
  if (!text) return std::nullopt;
  while (text->ends_with('\n')) text->pop_back();
  return is_commit(*text) ? std::optional(*std::move(text)) : std::nullopt;
}

std::string HubCache::key(std::string_view commit) const {
  return kind_ == HubKind::kModelScope ? kept(commit, kKey).value_or("") : std::string(commit);
}

std::string HubCache::snapshot(std::string_view commit) const {
  std::error_code ignored;
  for (const std::string& folder : older_)
    if (fs::is_directory(folder, ignored)) return folder;
  return folder_ + "/snapshots/" + std::string(commit);
}

void HubCache::keep_commit(std::string_view commit, std::string_view key) const {
  if (kind_ == HubKind::kModelScope)
    keep(commit, kKey, key);
  else if (!is_commit(revision_))
    write_cached(folder_ + "/refs/" + revision_, commit);
}

void HubCache::keep_file(std::string_view commit, std::string_view file, std::string_view etag,
                         std::string_view text) const {
  const fs::path place = snapshot(commit) + '/' + std::string(file);
  if (kind_ == HubKind::kModelScope || !is_plain_name(etag)) {
    write_cached(place, text);
    return;
  }
  const fs::path blob = folder_ + "/blobs/" + std::string(etag);
  std::error_code ignored;
  if (fs::exists(blob, ignored) || write_cached(blob, text)) link_to(fs::path("../../blobs") / etag, place);
}

std::string HubCache::own_path(std::string_view key, std::string_view file, std::string_view kind) const {
  return headers_ + '/' + std::string(key) + '/' + replaced(std::string(file), "/", "__") + std::string(kind);
}

std::optional<std::string> HubCache::header(std::string_view key, std::string_view file) const {
  if (headers_.empty() || key.empty()) return std::nullopt;
  auto text = read_file(own_path(key, file, kHeader), kMostHeaderFile);
  if (!text) return std::nullopt;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text->data());
  const auto length = safetensors_header_length({bytes, text->size()}, std::nullopt, file);
  const bool whole = length && std::int64_t(text->size()) == length->count() + std::int64_t(kSafetensorsPrefix);
  return whole ? std::optional(*std::move(text)) : std::nullopt;
}

void HubCache::drop_header(std::string_view key, std::string_view file) const {
  std::error_code ignored;
  if (!headers_.empty() && !key.empty()) fs::remove(own_path(key, file, kHeader), ignored);
}

void HubCache::keep_header(std::string_view key, std::string_view file, std::string_view front) const {
  if (!headers_.empty() && !key.empty()) write_cached(own_path(key, file, kHeader), front);
}

std::optional<std::string> HubCache::kept(std::string_view key, std::string_view file) const {
  if (headers_.empty() || key.empty()) return std::nullopt;
  auto text = read_file(own_path(key, file, kFront), kMostKept);
  return text ? std::optional(*std::move(text)) : std::nullopt;
}

void HubCache::keep(std::string_view key, std::string_view file, std::string_view text) const {
  if (!headers_.empty() && !key.empty()) write_cached(own_path(key, file, kFront), text);
}

}  // namespace vram::io
