#include "sweep/axis.h"

#include <algorithm>
#include <cmath>

#include "units/quantity.h"
#include "units/text.h"

namespace vram::sweep {
namespace {

Error bad(std::string_view text, std::string problem) {
  return {ErrorCode::kBadInput, "--vary " + std::string(text.substr(0, 80)), std::move(problem),
          "write NAME=A,B,C or NAME=FIRST:LAST:xFACTOR or NAME=FIRST:LAST:+STEP"};
}

std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(mark);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// Plain numbers and vLLM's: 8k, 8K, 0.5.
std::optional<double> read_point(std::string_view text) {
  if (const auto number = read_number(text)) return number;
  const auto count = read_count(text, "");
  return count ? std::optional(double(*count)) : std::nullopt;
}

std::string written(double value) {
  return value == std::floor(value) && std::abs(value) < 9e15 ? std::to_string(std::int64_t(value))
                                                              : python_float(value);
}

/// `first` to `last`; a value that is off by rounding alone is written without it.
Result<std::vector<std::string>> range(std::string_view text, double first, double last, double step, bool factor) {
  const bool grows = factor ? step > 1 && first > 0 : step > 0;
  if (!grows || last < first) return bad(text, "the range does not get from its first value to its last");
  const double steps = factor ? std::log(last / first) / std::log(step) : (last - first) / step;
  if (!(steps < double(kMostValues))) return bad(text, "that is more than " + with_commas(kMostValues) + " values");
  std::vector<std::string> values;
  for (std::int64_t i = 0; i <= std::int64_t(steps + 1e-9); ++i) {
    const double exact = factor ? first * std::pow(step, double(i)) : first + step * double(i);
    values.push_back(written(std::round(exact * 1e9) / 1e9));
  }
  return values;
}

/// `numbers`: 8k is one.
Result<std::vector<std::string>> read_values(std::string_view text, std::string_view spelled, bool numbers) {
  const std::vector<std::string_view> parts = split(spelled, ':');
  if (parts.size() == 3) {
    std::string_view by = parts[2];
    bool factor = false;
    for (const std::string_view sign : {"x", "X", "*", "×"})
      if (!factor && by.starts_with(sign)) {
        factor = true;
        by.remove_prefix(sign.size());
      }
    if (!factor && by.starts_with('+')) by.remove_prefix(1);
    const auto first = read_point(parts[0]), last = read_point(parts[1]), step = read_point(by);
    if (first && last && step) return range(text, *first, *last, *step, factor);
  }
  std::vector<std::string> values;
  for (const std::string_view value : split(spelled, ',')) {
    if (value.empty()) return bad(text, "a value is empty");
    const auto count = read_count(value, "");
    const bool short_form = numbers && count && !read_number(value);
    values.push_back(short_form ? std::to_string(*count) : std::string(value));
  }
  if (values.size() > kMostValues) return bad(text, "that is more than " + with_commas(kMostValues) + " values");
  return values;
}

}  // namespace

Result<Axis> read_axis(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return bad(text, "it has no NAME=");
  Axis axis{std::string(text.substr(0, equals)), {}};
  if (axis.name.starts_with("--")) axis.name.erase(0, 2);
  std::ranges::replace(axis.name, '-', '_');
  auto values = read_values(text, text.substr(equals + 1), axis.name != "model" && axis.name != "gpu");
  if (!values) return values.error();
  axis.values = *std::move(values);
  return axis;
}

Result<Grid> Grid::of(std::vector<Axis> axes) {
  Grid grid;
  Wide rows = 1;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j)
      if (axes[j].name == axes[i].name)
        return Error{ErrorCode::kBadInput, "--vary " + axes[i].name, "it is varied twice", "give all values at once"};
    rows *= Wide(axes[i].values.size());
    if (rows > kMostRows)
      return Error{ErrorCode::kTooLarge, "--vary", "that is more than " + with_commas(kMostRows) + " rows",
                   "vary less at once"};
  }
  grid.axes_ = std::move(axes);
  grid.rows_ = std::int64_t(rows);
  return grid;
}

void Grid::place(std::int64_t row, std::span<std::size_t> digits) const {
  for (std::size_t i = axes_.size(); i-- > 0;) {
    const auto count = std::int64_t(axes_[i].values.size());
    digits[i] = std::size_t(row % count);
    row /= count;
  }
}

std::size_t Grid::next(std::span<std::size_t> digits) const {
  for (std::size_t i = axes_.size(); i-- > 0;) {
    if (++digits[i] < axes_[i].values.size()) return i;
    digits[i] = 0;
  }
  return axes_.size();
}

}  // namespace vram::sweep
