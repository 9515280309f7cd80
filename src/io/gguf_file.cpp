#include "io/gguf_file.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "io/files.h"

namespace vram::io {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kFirst(1 * kMiB), kMost(1024 * kMiB);  // of a header: a large vocabulary takes a few MiB

struct Front {
  std::string text;
  Bytes size;  // of the whole file
};

/// The first `most` bytes of a plain file, or all of it.
Result<Front> read_front(const std::string& path, Bytes most) {
  std::error_code error;
  const fs::path name(path);
  if (fs::exists(name, error) && !fs::is_regular_file(name, error))
    return Error{ErrorCode::kBadInput, path, "it is no plain file", ""};
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return system_error(path, errno);
  Front front{"", Bytes(std::int64_t(fs::file_size(name, error)))};
  if (error) return system_error(path, error.value());
  front.text.resize(std::size_t(std::min(most, front.size).count()));
  front.text.resize(std::fread(front.text.data(), 1, front.text.size(), file.get()));
  if (std::ferror(file.get())) return system_error(path, errno);
  return front;
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

bool is_gguf(const std::string& path) {
  // Most names are the hub's: no file is opened for those.
  if (std::error_code ignored; !fs::is_regular_file(path, ignored)) return false;
  const auto front = read_front(path, Bytes(4));
  return front && gguf::looks_like(bytes_of(front->text));
}

Result<gguf::File> load_gguf_file(const std::string& path) {
  for (Bytes wanted = kFirst; wanted <= kMost; wanted = wanted * 4) {
    const auto front = read_front(path, wanted);
    if (!front) return front.error();
    auto file = gguf::read_gguf(bytes_of(front->text), front->size, path);
    if (!file) return file.error();
    if (*file) return **std::move(file);
  }
  return Error{ErrorCode::kTooLarge, path, "its header has more than 1 GiB", ""};
}

Result<gguf::File> load_gguf(const std::string& path) {
  const fs::path whole(path);
  std::vector<std::string> names = gguf::part_names(whole.filename().string());
  if (names.empty()) names = {whole.filename().string()};
  std::vector<gguf::File> parts;
  for (const std::string& name : names) {
    auto part = load_gguf_file(names.size() == 1 ? path : (whole.parent_path() / name).string());
    if (!part) return part.error();
    parts.push_back(*std::move(part));
  }
  return gguf::joined(std::move(parts), path);
}

}  // namespace vram::io
