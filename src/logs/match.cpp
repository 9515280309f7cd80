#include "logs/match.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "units/quantity.h"
#include "units/text.h"

namespace vram::logs {
namespace {

constexpr std::size_t kLongestNumber = 40;
constexpr std::size_t kAnythingShort = 200;
constexpr double kMost = 1e15;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A decimal number at the front of `text`, with commas between its digits as Python's `{:,}` writes them.
std::optional<double> take_number(std::string_view& text) {
  std::size_t end = 0;
  std::string digits;
  const auto take = [&](auto&& wanted) {
    while (end < text.size() && end < kLongestNumber && wanted(text[end])) {
      if (text[end] != ',') digits += text[end];
      ++end;
    }
  };
  const auto followed_by_digit = [&](std::size_t at) { return at + 1 < text.size() && is_digit(text[at + 1]); };
  if (!text.empty() && text[0] == '-') take([&](char c) { return c == '-' && end == 0; });
  take([&](char c) { return is_digit(c) || (c == ',' && followed_by_digit(end)); });
  if (end < text.size() && text[end] == '.' && followed_by_digit(end)) {
    digits += '.';
    ++end;
    take(is_digit);
  }
  if (end < text.size() && (is_digit(text[end]) || text[end] == 'e' || text[end] == 'E')) return std::nullopt;
  const auto number = read_number(digits);
  if (!number || std::abs(*number) > kMost) return std::nullopt;
  text.remove_prefix(end);
  return number;
}

/// "857.31 MiB", "0 bytes": in GiB.
std::optional<double> take_size(std::string_view& text) {
  struct Unit {
    std::string_view word;
    double bytes;
  };
  constexpr Unit kUnits[] = {
      {" GiB", double(kGiB)}, {" MiB", double(kMiB)}, {" KiB", 1024.0}, {" bytes", 1.0}, {" B", 1.0}};
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  for (const Unit& unit : kUnits)
    if (text.starts_with(unit.word)) {
      text.remove_prefix(unit.word.size());
      return *number * unit.bytes / double(kGiB);
    }
  return std::nullopt;
}

/// The fixed text at the front of `words`.
std::string_view literal(std::string_view words) { return words.substr(0, words.find_first_of("{*")); }

/// Everything after the first literal, at the front of `text`.
bool follow(std::string_view text, std::string_view words, std::vector<double>& numbers) {
  while (!words.empty()) {
    std::optional<double> number = 0.0;
    if (words.starts_with("{}")) {
      words.remove_prefix(2);
      number = take_number(text);
      numbers.push_back(number.value_or(0));
    } else if (words.starts_with("{size}")) {
      words.remove_prefix(6);
      number = take_size(text);
      numbers.push_back(number.value_or(0));
    } else if (words.starts_with("*")) {
      words.remove_prefix(1);
      const std::size_t at = text.substr(0, kAnythingShort).find(literal(words));
      if (at == std::string_view::npos) return false;
      text.remove_prefix(at);
    } else {
      const std::string_view fixed = literal(words);
      if (!text.starts_with(fixed)) return false;
      text.remove_prefix(fixed.size());
      words.remove_prefix(fixed.size());
    }
    if (!number) return false;
  }
  return true;
}

}  // namespace

std::optional<Match> match(std::string_view text, std::string_view words) {
  const std::string_view first = literal(words);
  for (std::size_t at = text.find(first); at != std::string_view::npos; at = text.find(first, at + 1)) {
    Match found{at, {}};
    if (follow(text.substr(at + first.size()), words.substr(first.size()), found.numbers)) return found;
  }
  return std::nullopt;
}

}  // namespace vram::logs
