#include "formula/ranges.h"

#include <cmath>

#include "units/text.h"

namespace vram::formula {
namespace {

std::string plain(double number) {
  if (number == std::floor(number)) return with_commas(std::int64_t(number));
  return python_float(number);
}

Error outside(const Range& range, const std::string& found, std::string_view place) {
  return {ErrorCode::kBadInput, std::string(place), "expected " + expected(range) + ", found " + found, ""};
}

bool holds(const Range& range, double number) {
  return number >= range.least && number <= range.most && (!range.whole || number == std::floor(number));
}

}  // namespace

std::string expected(const Range& range) {
  return std::string(range.whole ? "a whole number" : "a number") + " from " + plain(range.least) + " to " +
         plain(range.most);
}

Result<double> read_number_in(const Range& range, std::string_view text, std::string_view place) {
  const auto number = read_number(text);
  if (number && holds(range, *number)) return *number;
  return outside(range, text.empty() ? "nothing" : '"' + std::string(text.substr(0, 60)) + '"', place);
}

Result<double> number_in(const Range& range, double number, std::string_view place) {
  if (holds(range, number)) return number;
  return outside(range, std::isfinite(number) ? python_float(number) : "no finite number", place);
}

}  // namespace vram::formula
