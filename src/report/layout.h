// Text laid out for a terminal: words wrapped, columns lined up. Pure: the caller says how wide.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vram::report {

/// Columns that `text` takes on a terminal, one a character; `text` is UTF-8.
std::size_t columns_of(std::string_view text);

/// `text` broken at blanks so that no line passes `width`, unless a word alone does. Every line but the first begins
/// with `indent` blanks; the first is taken to begin at column `start`. No newline at the end.
std::string wrapped(std::string_view text, int width, std::size_t indent, std::size_t start);

struct Column {
  std::string_view heading;  // of a table without headings: empty in all columns
  bool number = false;       // at the right edge, so that decimal points line up
  std::size_t least = 0;     // columns it takes however short its cells are
};

/// One line a row, indented by two. Too wide, it loses columns from the right, but never the first two; below 40
/// columns it becomes `name: value` lines.
///   rows    each as long as `columns`
std::string table(std::span<const Column> columns, std::span<const std::vector<std::string>> rows, int width);

}  // namespace vram::report
