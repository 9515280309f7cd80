#include "sweep/row.h"

#include <algorithm>

#include "json/write.h"
#include "units/text.h"

namespace vram::sweep {
namespace {

std::string csv(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? "\"\"" : std::string(1, c));
  return quoted + '"';
}

std::string as_json(const std::string& text) {
  const auto value = json::parse(text, "");
  const bool plain = value && (value->number() || value->boolean());
  return plain ? text : json::write_line(json::Value(text));
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

}  // namespace

Result<Format> read_format(std::string_view text) {
  constexpr std::string_view kNames[] = {"table", "csv", "jsonl"};
  const auto* found = std::ranges::find(kNames, text);
  if (found != std::end(kNames)) return Format(found - std::begin(kNames));
  return Error{ErrorCode::kBadInput, "--format", "expected " + one_of(kNames) + ", found \"" + std::string(text) + '"',
               ""};
}

RowText::RowText(Format format, const Grid& grid, std::span<const Cell> figures)
    : format_(format), grid_(grid), figures_(figures.begin(), figures.end()) {
  for (const Axis& axis : grid.axes()) {
    std::size_t width = axis.name.size();
    for (const std::string& value : axis.values) width = std::max(width, value.size());
    widths_.push_back(width);
    std::vector<std::string>& written = written_.emplace_back();
    const bool first = written_.size() == 1;
    for (const std::string& value : axis.values) switch (format) {
        case Format::kTable:
          written.push_back(padded(value, width) + "  ");
          break;
        case Format::kCsv:
          written.push_back(csv(value) + ',');
          break;
        case Format::kJsonLines:
          written.push_back((first ? "{\"" : ", \"") + axis.name + "\": " + as_json(value));
          break;
      }
  }
  for (std::size_t i = 0; i < figures_.size(); ++i) {
    widths_.push_back(std::max(figures_[i].name.size(), figures_[i].width));
    const bool first = i == 0;
    const std::string name(figures_[i].name);
    if (format == Format::kJsonLines)
      before_.push_back((first && grid.axes().empty() ? "{\"" : ", \"") + name +
                        "\": " + (figures_[i].text ? "\"" : ""));
    else
      before_.emplace_back(format == Format::kCsv && !first ? "," : "");
  }
}

std::string RowText::heading() const {
  if (format_ == Format::kJsonLines) return "";
  std::string line;
  std::size_t column = 0;
  const auto add = [&](std::string_view name, bool last) {
    if (format_ == Format::kCsv)
      line.append(name).append(last ? "\n" : ",");
    else
      line += last ? std::string(name) + '\n' : padded(std::string(name), widths_[column]) + "  ";
    ++column;
  };
  for (const Axis& axis : grid_.axes()) add(axis.name, false);
  for (const Cell& figure : figures_) add(figure.name, &figure == &figures_.back());
  return line;
}

void RowText::begin(std::span<const std::size_t> digits, std::string& out) {
  for (std::size_t i = 0; i < digits.size(); ++i) out += written_[i][digits[i]];
  next_ = 0;
}

void RowText::put(std::string_view text, std::string& out) {
  out.append(before_[next_]).append(text);
  if (format_ == Format::kJsonLines && figures_[next_].text) out += '"';
  if (format_ == Format::kTable && next_ + 1 < figures_.size()) {
    const std::size_t width = widths_[written_.size() + next_];
    out.append(width > text.size() ? width - text.size() : 0, ' ').append("  ");
  }
  ++next_;
}

void RowText::add(std::string_view text, std::string& out) { put(text, out); }

void RowText::add(std::int64_t number, std::string& out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  put({digits, std::size_t(end.ptr - digits)}, out);
}

void RowText::add(double number, std::string& out) {
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  put({digits, std::size_t(end.ptr - digits)}, out);
}

void RowText::end(std::string& out) const { out += format_ == Format::kJsonLines ? "}\n" : "\n"; }

}  // namespace vram::sweep
