// Whole files in and out. What is read is bounded before it is believed; what is written is there as a whole or not at
// all.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/descriptor.h"
#include "units/quantity.h"
#include "units/result.h"

namespace vram::io {

/// The system's words for error `number`, as a sentence about `path`.
Error system_error(std::string_view path, int number);

/// All of a file, or of a pipe under a name (`<(command)`).
///   errors  kNotFound, kBadInput for a folder, a device or a name that no file can have, kUnavailable when it cannot
///           be read, kTooLarge over `limit`; each names the file
Result<std::string> read_file(const std::string& path, Bytes limit);

/// A file of which pieces are read.
class PlainFile {
 public:
  /// errors  as read_file
  static Result<PlainFile> open(const std::string& path);
  [[nodiscard]] Bytes size() const { return size_; }
  /// At most `length` bytes from `offset` on: less where the file ends.
  [[nodiscard]] Result<std::string> read(Bytes offset, Bytes length) const;

 private:
  PlainFile(std::string path, Descriptor file, Bytes size)
      : path_(std::move(path)), file_(std::move(file)), size_(size) {}
  std::string path_;
  Descriptor file_;
  Bytes size_;
};

/// All of standard input. Errors as for a file.
Result<std::string> read_standard_input(Bytes limit);

/// Whether a file must outlive a crash of the machine, which takes a disk's time, or can be made again.
enum class Keep { kForGood, kWhileItLasts };

/// Writes `text` to `path` by way of a temporary file beside it: a reader sees the old file or the new one, also after
/// a crash where it is for good. A link is followed, and an existing file keeps its permissions.
///   errors  kUnavailable or kNotFound, naming the file; the old file is untouched
std::optional<Error> write_file(const std::string& path, std::string_view text, Keep keep = Keep::kForGood);

/// Where write_backup puts what a file held.
std::string backup_of(const std::string& path);

/// Writes `text`, which is what `path` held, to "PATH.bak", for the same eyes only; answers that name.
///   errors  as write_file
Result<std::string> write_backup(const std::string& path, std::string_view text);

/// The same for a file that still holds `expected`; answers false, and writes nothing, where another process has
/// changed it meanwhile.
Result<bool> replace_file(const std::string& path, std::string_view expected, std::string_view text);

}  // namespace vram::io
