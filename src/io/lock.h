// One process at a time: a lock file beside what is protected, as Python's filelock takes it too.
#pragma once

#include <string>

#include "units/result.h"

namespace vram::io {

/// Held until it goes out of scope, or the process ends.
class FileLock {
 public:
  FileLock(FileLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(FileLock&&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  friend Result<FileLock> lock_file(const std::string& path);
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

/// Locks `path` by way of `path`.lock, which stays: removing it would let two processes hold two locks. Waits up to ten
/// seconds for another holder.
///   errors  kUnavailable: held for longer, or the lock file cannot be made
Result<FileLock> lock_file(const std::string& path);

}  // namespace vram::io
