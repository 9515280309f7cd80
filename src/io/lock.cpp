#include "io/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "io/files.h"

namespace vram::io {
namespace {

constexpr int kTries = 200;
constexpr timespec kBetween{0, 50'000'000};

}  // namespace

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<FileLock> lock_file(const std::string& path) {
  const std::string name = path + ".lock";
  FileLock lock(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (lock.descriptor_ < 0) return system_error(name, errno);
  for (int i = 0; i < kTries; ++i) {
    if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK && errno != EINTR) return system_error(name, errno);
    ::nanosleep(&kBetween, nullptr);
  }
  return Error{ErrorCode::kUnavailable, path, "another process has locked it for ten seconds", "try again later"};
}

}  // namespace vram::io
