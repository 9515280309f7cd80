#include "units/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <vector>

#include "units/decimal.h"

namespace vram {

std::string with_commas(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t sign = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > sign + 3;) text.insert(at -= 3, ",");
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return result;
}

std::optional<double> read_number(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  if (text.empty() || !(text.front() == '-' || text.front() == '.' || (text.front() >= '0' && text.front() <= '9')))
    return std::nullopt;
  const auto number = decimal(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<std::int64_t> read_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

namespace {

struct Unit {
  std::string_view name;
  double scale;
};

/// Number and unit of `text`, when the unit is one of `units`; the product must be a whole 64-bit number.
std::optional<std::int64_t> scaled(std::string_view text, std::span<const Unit> units) {
  const std::size_t digits = std::min(text.find_first_not_of("+-.0123456789eE"), text.size());
  // "1E" would end in a unit letter that could be an exponent; only a digit can end a number.
  std::size_t end = digits;
  while (end > 0 && !(text[end - 1] >= '0' && text[end - 1] <= '9')) --end;
  const std::optional<double> number = read_number(text.substr(0, end));
  std::string_view unit = text.substr(end);
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  if (!number) return std::nullopt;
  if (unit.empty()) return read_integer(text);
  for (const Unit& known : units) {
    if (known.name != unit) continue;
    const double product = *number * known.scale;
    if (!(std::abs(product) < 9.2e18)) return std::nullopt;
    return std::int64_t(product);
  }
  return std::nullopt;
}

}  // namespace

Result<std::int64_t> read_count(std::string_view text, std::string_view place) {
  static constexpr Unit kUnits[] = {{"k", 1e3},    {"m", 1e6},    {"g", 1e9},    {"t", 1e12},
                                    {"K", 0x1p10}, {"M", 0x1p20}, {"G", 0x1p30}, {"T", 0x1p40}};
  if (const auto count = scaled(text, kUnits)) return *count;
  return Error{ErrorCode::kBadInput, std::string(place), "expected a whole number, found \"" + std::string(text) + '"',
               "write 32768, 32k (32000) or 32K (32768)"};
}

Result<Bytes> read_bytes(std::string_view text, std::string_view place) {
  static constexpr Unit kUnits[] = {{"B", 1},      {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40},
                                    {"kB", 1e3},   {"KB", 1e3},     {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12},
                                    {"k", 1e3},    {"m", 1e6},      {"g", 1e9},      {"t", 1e12},     {"K", 0x1p10},
                                    {"M", 0x1p20}, {"G", 0x1p30},   {"T", 0x1p40}};
  if (const auto count = scaled(text, kUnits); count && *count >= 0) return Bytes(*count);
  return Error{ErrorCode::kBadInput, std::string(place), "expected a size, found \"" + std::string(text) + '"',
               "write 40GiB, 80GB or a number of bytes"};
}

std::optional<std::string_view> nearest(std::string_view name, std::span<const std::string_view> candidates) {
  const std::string wanted = lower(name.substr(0, 100));
  std::size_t best = wanted.size() / 3 + 1;
  std::optional<std::string_view> found;
  std::vector<std::size_t> row;
  for (const std::string_view candidate : candidates) {
    const std::string other = lower(candidate.substr(0, 100));
    row.resize(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= wanted.size(); ++i) {
      std::size_t diagonal = row[0]++;
      for (std::size_t j = 1; j <= other.size(); ++j) {
        const std::size_t changed = diagonal + (wanted[i - 1] != other[j - 1]);
        diagonal = row[j];
        row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
      }
    }
    if (row.back() < best) {
      best = row.back();
      found = candidate;
    }
  }
  return found;
}

std::string one_of(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace vram
