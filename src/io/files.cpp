#include "io/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "units/text.h"

namespace vram::io {
namespace {

/// Closes what it holds.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  explicit operator bool() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }
  bool close() {
    const bool closed = number_ < 0 || ::close(number_) == 0;
    number_ = -1;
    return closed;
  }

 private:
  int number_;
};

/// The system's words for `number`, as part of a sentence.
Error failed(std::string_view path, int number) {
  std::string words = std::generic_category().message(number);
  if (words.size() > 1 && words[0] >= 'A' && words[0] <= 'Z' && words[1] >= 'a') words[0] = char(words[0] - 'A' + 'a');
  const bool missing = number == ENOENT || number == ENOTDIR;
  return {missing ? ErrorCode::kNotFound : ErrorCode::kUnavailable, std::string(path), words, ""};
}

Error refused(std::string_view path, const char* problem) {
  return {ErrorCode::kBadInput, std::string(path), problem, ""};
}

std::optional<Error> unusable(const std::string& path) {
  if (path.empty()) return refused("file", "its name is empty");
  if (path.find('\0') != std::string::npos) return refused(path.substr(0, path.find('\0')), "no file has such a name");
  return std::nullopt;
}

Result<std::string> read_all(int descriptor, std::string_view path, Bytes limit) {
  std::string text;
  std::unique_ptr<char[]> chunk(new char[64 << 10]);
  for (;;) {
    const ssize_t got = ::read(descriptor, chunk.get(), 64 << 10);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, errno);
    if (got == 0) return text;
    text.append(chunk.get(), std::size_t(got));
    if (std::int64_t(text.size()) > limit.count())
      return Error{ErrorCode::kTooLarge, std::string(path),
                   "it has more than the " + with_commas(limit.count()) + " bytes that are read", ""};
  }
}

std::optional<Error> write_all(int descriptor, std::string_view path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(descriptor, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failed(path, errno);
    text.remove_prefix(std::size_t(put));
  }
  return std::nullopt;
}

/// A new file beside `target`; fills in its name.
int create_beside(const std::string& target, std::string& name) {
  // A name that is taken was left by a crash or belongs to another process: the next one will do.
  for (int attempt = 0; attempt < 100; ++attempt) {
    name = target + ".tmp-" + std::to_string(::getpid()) + '-' + std::to_string(attempt);
    const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0 || errno != EEXIST) return file;
  }
  return -1;
}

}  // namespace

Result<std::string> read_file(const std::string& path, Bytes limit) {
  if (const auto error = unusable(path)) return *error;
  // Looked at before it is opened: opening a device can have effects.
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return failed(path, errno);
  if (S_ISDIR(found.st_mode)) return refused(path, "it is a folder, not a file");
  if (!S_ISREG(found.st_mode) && !S_ISFIFO(found.st_mode)) return refused(path, "it is a device, not a file");
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return failed(path, errno);
  return read_all(file.number(), path, limit);
}

Result<std::string> read_standard_input(Bytes limit) { return read_all(STDIN_FILENO, "standard input", limit); }

std::optional<Error> write_file(const std::string& path, std::string_view text) {
  if (auto error = unusable(path)) return error;
  std::error_code none;
  const std::filesystem::path real = std::filesystem::canonical(path, none);
  const std::string target = none ? path : real.string();
  struct stat old{};
  const bool exists = ::stat(target.c_str(), &old) == 0;
  if (exists && !S_ISREG(old.st_mode)) return refused(path, "it is not a plain file");
  // Renaming over it would get around the protection of a read-only file.
  if (exists && ::access(target.c_str(), W_OK) != 0) return failed(path, errno);

  std::string temporary;
  Descriptor file(create_beside(target, temporary));
  if (!file) return failed(path, errno);
  std::optional<Error> error = write_all(file.number(), path, text);
  if (!error && exists && ::fchmod(file.number(), old.st_mode & 07777) != 0) error = failed(path, errno);
  if (!error && ::fsync(file.number()) != 0) error = failed(path, errno);
  if (!file.close() && !error) error = failed(path, errno);
  if (!error && std::rename(temporary.c_str(), target.c_str()) != 0) error = failed(path, errno);
  if (error) {
    ::unlink(temporary.c_str());
    return error;
  }
  // The rename lasts once the folder is on disk too; a file system that cannot do that has done what it can.
  const std::string folder = std::filesystem::path(target).parent_path().string();
  const Descriptor parent(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent) ::fsync(parent.number());
  return std::nullopt;
}

}  // namespace vram::io
