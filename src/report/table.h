// Columns lined up for a terminal. Pure: the caller says how wide.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vram::report {

struct Column {
  std::string_view heading;  // of a table without headings: empty in all columns
  bool number = false;       // at the right edge, so that decimal points line up
  int least = 0;             // columns it takes however short its cells are
};

/// One line a row, indented by two. Too wide, it loses columns from the right, but never the first two; below 40
/// columns it becomes `name: value` lines.
///   rows    each as long as `columns`
std::string table(std::span<const Column> columns, std::span<const std::vector<std::string>> rows, int width);

}  // namespace vram::report
