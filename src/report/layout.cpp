#include "report/layout.h"

#include <algorithm>

namespace vram::report {
namespace {

constexpr int kNarrow = 40;
constexpr std::size_t kIndent = 2, kGap = 3;

using Row = std::vector<std::string>;

void append_blanks(std::string& out, std::size_t count) { out.append(count, ' '); }

/// Each column's width, of as many columns as fit.
std::vector<std::size_t> widths_of(std::span<const Column> columns, std::span<const Row> rows, std::size_t width) {
  std::vector<std::size_t> widths;
  std::size_t used = kIndent;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t widest = std::max(columns[i].least, columns_of(columns[i].heading));
    for (const Row& row : rows) widest = std::max(widest, columns_of(row[i]));
    used += widest + (i > 0 ? kGap : 0);
    if (i >= 2 && used > width) break;
    widths.push_back(widest);
  }
  return widths;
}

std::string lines_by_name(std::span<const Column> columns, std::span<const Row> rows) {
  std::string out;
  for (const Row& row : rows) {
    if (row.size() == 2) {
      out += row[0] + ": " + row[1] + '\n';
      continue;
    }
    out += row[0] + '\n';
    for (std::size_t i = 1; i < row.size(); ++i) {
      append_blanks(out, kIndent);
      out.append(columns[i].heading).append(": ").append(row[i]) += '\n';
    }
  }
  return out;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  return std::size_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string wrapped(std::string_view text, int width, std::size_t indent, std::size_t start) {
  std::string out;
  std::size_t at = start;
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t size = columns_of(word);
    if (!first && at + 1 + size > std::size_t(std::max(width, 1))) {
      out += '\n';
      append_blanks(out, indent);
      at = indent;
    } else if (!first) {
      out += ' ';
      ++at;
    }
    out += word;
    at += size;
    first = false;
  }
  return out;
}

std::string table(std::span<const Column> columns, std::span<const Row> rows, int width) {
  if (width < kNarrow) return lines_by_name(columns, rows);
  const std::vector<std::size_t> widths = widths_of(columns, rows, std::size_t(width));
  std::string out;
  const auto append_row = [&](const auto& cell_of) {
    std::string line(kIndent, ' ');
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string_view cell = cell_of(i);
      const std::size_t padding = widths[i] - columns_of(cell);
      if (i > 0) append_blanks(line, kGap);
      if (columns[i].number) append_blanks(line, padding);
      line += cell;
      if (!columns[i].number) append_blanks(line, padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  const bool headed = std::any_of(columns.begin(), columns.end(), [](const Column& c) { return !c.heading.empty(); });
  if (headed) append_row([&](std::size_t i) { return columns[i].heading; });
  for (const Row& row : rows) append_row([&](std::size_t i) { return std::string_view(row[i]); });
  return out;
}

}  // namespace vram::report
