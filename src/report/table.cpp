#include "report/table.h"

#include <algorithm>

#include "report/text_style.h"

namespace vram::report {
namespace {

constexpr int kNarrow = 40;
constexpr std::string_view kIndent = "  ", kGap = "   ";

using Row = std::vector<std::string>;

/// Each column's width, of as many columns as fit.
std::vector<int> widths_of(std::span<const Column> shown, std::span<const Row> rows, int width) {
  std::vector<int> widths;
  int used = int(kIndent.size());
  for (std::size_t i = 0; i < shown.size(); ++i) {
    int widest = std::max(shown[i].least, columns(shown[i].heading));
    for (const Row& row : rows) widest = std::max(widest, columns(row[i]));
    used += widest + (i > 0 ? int(kGap.size()) : 0);
    if (i >= 2 && used > width) break;
    widths.push_back(widest);
  }
  return widths;
}

std::string lines_by_name(std::span<const Column> shown, std::span<const Row> rows) {
  std::string out;
  for (const Row& row : rows) {
    if (row.size() == 2) {
      out += row[0] + ": " + row[1] + '\n';
      continue;
    }
    out += row[0] + '\n';
    for (std::size_t i = 1; i < row.size(); ++i)
      out.append(kIndent).append(shown[i].heading).append(": ").append(row[i]) += '\n';
  }
  return out;
}

}  // namespace

std::string table(std::span<const Column> shown, std::span<const Row> rows, int width) {
  if (width < kNarrow) return lines_by_name(shown, rows);
  const std::vector<int> widths = widths_of(shown, rows, width);
  std::string out;
  const auto append_row = [&](const auto& cell_of) {
    std::string line(kIndent);
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (i > 0) line += kGap;
      line += shown[i].number ? padded_left(cell_of(i), widths[i]) : padded_right(cell_of(i), widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  const bool headed = std::any_of(shown.begin(), shown.end(), [](const Column& c) { return !c.heading.empty(); });
  if (headed) append_row([&](std::size_t i) { return shown[i].heading; });
  for (const Row& row : rows) append_row([&](std::size_t i) { return std::string_view(row[i]); });
  return out;
}

}  // namespace vram::report
