// What a sweep varies: names and their values, and which values each row has.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "units/result.h"

namespace vram::sweep {

struct Axis {
  std::string name;  // an argument with underscores, "model", "gpu", a figure of formula mode
  std::vector<std::string> values;
};

/// "kv_cache_dtype=auto,fp8"; "max_model_len=8k:128k:x2", each so many times the one before; "0.8:0.95:+0.05", each so
/// much more. The last value of a range is in it where a step meets it. Dashes in the name are underscores.
///
///   errors  kBadInput with the text, also for more values than kMostValues
Result<Axis> read_axis(std::string_view text);
inline constexpr std::size_t kMostValues = 1'000'000;

/// Every combination of the axes' values, the last axis running fastest.
class Grid {
 public:
  /// errors  kBadInput for an axis that comes twice; kTooLarge over kMostRows
  static Result<Grid> of(std::vector<Axis> axes);
  static constexpr std::int64_t kMostRows = 1'000'000'000'000;

  [[nodiscard]] const std::vector<Axis>& axes() const { return axes_; }
  [[nodiscard]] std::int64_t rows() const { return rows_; }
  /// Which value of each axis `row` has.
  void place(std::int64_t row, std::span<std::size_t> digits) const;
  /// The same of the next row; answers the first axis that changed, the number of axes at the end.
  std::size_t next(std::span<std::size_t> digits) const;

 private:
  std::vector<Axis> axes_;
  std::int64_t rows_ = 1;
};

}  // namespace vram::sweep
