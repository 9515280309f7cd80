// How a row is written: the same bytes whoever computes it, so that a sweep can go on where it was cut off.
#pragma once

#include <charconv>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/axis.h"
#include "units/result.h"

namespace vram::sweep {

enum class Format { kTable, kCsv, kJsonLines };
/// "table", "csv", "jsonl"; errors  kBadInput
Result<Format> read_format(std::string_view text);

/// A cell's name and what it is in JSON.
struct Cell {
  std::string_view name;
  bool text = false;           // quoted in JSON; else a number, true or false
  std::size_t width = kUsual;  // of its widest text, in a table
  static constexpr std::size_t kUsual = 12;
};

/// The cells of a row: those of the axes, written once for all rows, then the figures.
class RowText {
 public:
  RowText(Format format, const Grid& grid, std::span<const Cell> figures);

  /// The line above the rows; empty where there is none.
  [[nodiscard]] std::string heading() const;

  void begin(std::span<const std::size_t> digits, std::string& out);
  void add(std::string_view text, std::string& out);
  void add(std::int64_t number, std::string& out);
  void add(double number, std::string& out);
  void end(std::string& out) const;

 private:
  void put(std::string_view text, std::string& out);

  Format format_;
  const Grid& grid_;
  std::vector<Cell> figures_;
  std::vector<std::size_t> widths_;                // kTable: of the axes, then of the figures
  std::vector<std::vector<std::string>> written_;  // an axis, a value: as it stands in the row
  std::vector<std::string> before_;                // a figure: what stands before its text
  std::size_t next_ = 0;                           // figure of the row at hand
};

/// Appends the rows [begin, end) to `out`. One for a thread.
using RowWriter = std::function<void(std::int64_t begin, std::int64_t end, std::string& out)>;

}  // namespace vram::sweep
