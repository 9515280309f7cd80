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
    if (got < 0) return system_error(path, errno);
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
    if (put < 0) return system_error(path, errno);
    text.remove_prefix(std::size_t(put));
  }
  return std::nullopt;
}

/// A new file beside `target`; fills in its name.
int create_beside(const std::string& target, mode_t mode, std::string& name) {
  // A name that is taken was left by a crash or belongs to another process: the next one will do.
  for (int attempt = 0; attempt < 100; ++attempt) {
    name = target + ".tmp-" + std::to_string(::getpid()) + '-' + std::to_string(attempt);
    const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file >= 0 || errno != EEXIST) return file;
  }
  return -1;
}

}  // namespace

Error system_error(std::string_view path, int number) {
  std::string words = std::generic_category().message(number);
  if (words.size() > 1 && words[0] >= 'A' && words[0] <= 'Z' && words[1] >= 'a') words[0] = char(words[0] - 'A' + 'a');
  const bool missing = number == ENOENT || number == ENOTDIR;
  return {missing ? ErrorCode::kNotFound : ErrorCode::kUnavailable, std::string(path), words, ""};
}

Result<std::string> read_file(const std::string& path, Bytes limit) {
  if (const auto error = unusable(path)) return *error;
  // Looked at before it is opened: opening a device can have effects.
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return system_error(path, errno);
  if (S_ISDIR(found.st_mode)) return refused(path, "it is a folder, not a file");
  if (!S_ISREG(found.st_mode) && !S_ISFIFO(found.st_mode)) return refused(path, "it is a device, not a file");
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error(path, errno);
  return read_all(file.number(), path, limit);
}

Result<PlainFile> PlainFile::open(const std::string& path) {
  if (const auto error = unusable(path)) return *error;
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return system_error(path, errno);
  struct stat found{};
  if (::fstat(file.number(), &found) != 0) return system_error(path, errno);
  if (!S_ISREG(found.st_mode)) return refused(path, "it is not a plain file");
  return PlainFile(path, std::move(file), Bytes(found.st_size));
}

Result<std::string> PlainFile::read(Bytes offset, Bytes length) const {
  std::string text(std::size_t(length.count()), '\0');
  std::size_t read = 0;
  while (read < text.size()) {
    const ssize_t got = ::pread(file_.number(), text.data() + read, text.size() - read, offset.count() + off_t(read));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(path_, errno);
    if (got == 0) break;
    read += std::size_t(got);
  }
  text.resize(read);
  return text;
}

Result<std::string> read_standard_input(Bytes limit) { return read_all(STDIN_FILENO, "standard input", limit); }

namespace {

/// Where a file really lies, and its permissions where it is there.
struct Target {
  std::string path;
  std::optional<mode_t> mode;
};

Result<Target> target_of(const std::string& path) {
  if (auto error = unusable(path)) return *std::move(error);
  std::error_code none;
  const std::filesystem::path real = std::filesystem::canonical(path, none);
  Target target{none ? path : real.string(), std::nullopt};
  struct stat old{};
  if (::stat(target.path.c_str(), &old) != 0) return target;
  if (!S_ISREG(old.st_mode)) return refused(path, "it is not a plain file");
  // Renaming over it would get around the protection of a read-only file.
  if (::access(target.path.c_str(), W_OK) != 0) return system_error(path, errno);
  target.mode = old.st_mode & 07777;
  return target;
}

/// Fills a new file beside the target, and where it is for good on disk down to its last byte; answers its name.
Result<std::string> write_beside(const Target& target, const std::string& path, std::string_view text, Keep keep) {
  std::string temporary;
  // Nobody sees more of it while it is written than afterwards.
  constexpr mode_t kUsual = 0666;
  Descriptor file(create_beside(target.path, target.mode.value_or(kUsual), temporary));
  if (!file) return system_error(path, errno);
  std::optional<Error> error = write_all(file.number(), path, text);
  if (!error && target.mode && ::fchmod(file.number(), *target.mode) != 0) error = system_error(path, errno);
  if (!error && keep == Keep::kForGood && ::fsync(file.number()) != 0) error = system_error(path, errno);
  if (!file.close() && !error) error = system_error(path, errno);
  if (!error) return temporary;
  ::unlink(temporary.c_str());
  return *std::move(error);
}

std::optional<Error> move_over(const std::string& temporary, const Target& target, const std::string& path, Keep keep) {
  if (std::rename(temporary.c_str(), target.path.c_str()) != 0) {
    Error error = system_error(path, errno);
    ::unlink(temporary.c_str());
    return error;
  }
  if (keep == Keep::kWhileItLasts) return std::nullopt;
  // The rename lasts once the folder is on disk too; a file system that cannot do that has done what it can.
  const std::string folder = std::filesystem::path(target.path).parent_path().string();
  const Descriptor parent(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent) ::fsync(parent.number());
  return std::nullopt;
}

}  // namespace

std::optional<Error> write_file(const std::string& path, std::string_view text, Keep keep) {
  const auto target = target_of(path);
  if (!target) return target.error();
  const auto temporary = write_beside(*target, path, text, keep);
  if (!temporary) return temporary.error();
  return move_over(*temporary, *target, path, keep);
}

std::string backup_of(const std::string& path) { return path + ".bak"; }

Result<std::string> write_backup(const std::string& path, std::string_view text) {
  std::string name = backup_of(path);
  const auto original = target_of(path);
  auto target = target_of(name);
  if (!original) return original.error();
  if (!target) return target.error();
  if (original->mode) target->mode = original->mode;
  const auto temporary = write_beside(*target, name, text, Keep::kForGood);
  if (!temporary) return temporary.error();
  if (auto error = move_over(*temporary, *target, name, Keep::kForGood)) return *std::move(error);
  return name;
}

Result<bool> replace_file(const std::string& path, std::string_view expected, std::string_view text) {
  const auto target = target_of(path);
  if (!target) return target.error();
  const auto temporary = write_beside(*target, path, text, Keep::kForGood);
  if (!temporary) return temporary.error();
  // Looked at as late as can be: between here and the rename nothing is waited for.
  const auto now = read_file(path, Bytes(std::int64_t(expected.size())));
  if (!now || *now != expected) {
    ::unlink(temporary->c_str());
    if (!now && now.error().code != ErrorCode::kTooLarge) return now.error();
    return false;
  }
  if (auto error = move_over(*temporary, *target, path, Keep::kForGood)) return *std::move(error);
  return true;
}

}  // namespace vram::io
