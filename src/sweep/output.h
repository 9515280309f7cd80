// A file of rows that grows, and goes on where it was cut off.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "units/result.h"

namespace vram::sweep {

class Output {
 public:
  /// A new file that begins with `heading`; what was there is gone.
  ///
  ///   errors  kUnavailable where it cannot be written
  static Result<Output> create(const std::string& path, std::string_view heading);

  /// The file of a run that was cut off: a last line without its end is dropped. A file that is not there is created.
  ///
  ///   errors  kBadInput where the file begins with another heading; kUnavailable
  static Result<Output> resume(const std::string& path, std::string_view heading);

  /// Whole rows that it held.
  [[nodiscard]] std::int64_t rows() const { return rows_; }
  /// The last of them with its end; empty where there is none.
  [[nodiscard]] const std::string& last_row() const { return last_row_; }

  bool write(std::string_view text);
  /// Whether all of it has reached the file.
  bool close();

 private:
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  explicit Output(File file) : file_(std::move(file)) {}

  File file_;
  std::int64_t rows_ = 0;
  std::string last_row_;
};

}  // namespace vram::sweep
