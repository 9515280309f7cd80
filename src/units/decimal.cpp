// The standard library's <charconv>, except in the page: there its tables would be a quarter of what a visitor loads,
// printf and strtod are linked anyway, and no locale can be set.
#include "units/decimal.h"

#ifdef __wasm__
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#else
#include <charconv>
#include <cmath>
#endif

namespace vram {

#ifdef __wasm__

std::string fixed(double number, int decimals) {
  char buffer[400];  // the largest double has 309 digits before its point
  return std::string(buffer, std::size_t(std::snprintf(buffer, sizeof buffer, "%.*f", decimals, number)));
}

std::string python_float(double number) {
  char buffer[64];
  // 15 digits survive every round trip through a double, 17 always make one.
  for (int digits = 15; digits <= 17; ++digits) {
    std::snprintf(buffer, sizeof buffer, "%.*e", digits - 1, number);
    if (std::strtod(buffer, nullptr) == number) break;
  }
  const char* mark = std::strchr(buffer, 'e');
  const int exponent = std::atoi(mark + 1);
  std::string sign, digits;
  for (const char* at = buffer; at != mark; ++at)
    if (*at == '-')
      sign = "-";
    else if (*at != '.')
      digits += *at;
  digits.resize(std::max<std::size_t>(digits.find_last_not_of('0') + 1, 1));
  if (number != 0 && (exponent < -4 || exponent >= 16))
    return sign + digits[0] + (digits.size() > 1 ? "." + digits.substr(1) : "") + mark;
  if (exponent < 0) return sign + "0." + std::string(std::size_t(-exponent - 1), '0') + digits;
  const std::size_t whole = std::size_t(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  return sign + digits.substr(0, whole) + '.' + digits.substr(whole);
}

std::optional<double> decimal(std::string_view text) {
  const std::string whole(text);
  if (whole.find_first_not_of("0123456789.eE+-") != std::string::npos) return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(whole.c_str(), &end);
  return end == whole.c_str() + whole.size() && end != whole.c_str() ? std::optional(number) : std::nullopt;
}

#else

std::string fixed(double number, int decimals) {
  char buffer[400];  // the largest double has 309 digits before its point
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed, decimals);
  return std::string(buffer, end.ptr);
}

std::string python_float(double number) {
  char buffer[64];
  const double size = std::abs(number);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  const auto form = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, form);
  std::string text(buffer, end.ptr);
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::optional<double> decimal(std::string_view text) {
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

#endif

}  // namespace vram
