#include "hardware/names.h"

#include <algorithm>
#include <array>
#include <utility>

#include "units/text.h"

namespace vram::hardware {
namespace {

// Words that no two GPUs of the catalogue differ in.
constexpr std::string_view kNoise[] = {
    "nvidia", "geforce", "rtx",  "tesla", "amd",      "radeon", "rx",         "instinct", "intel",
    "arc",    "r",       "tm",   "gpu",   "graphics", "card",   "generation", "edition",  "blackwell",
    "hbm2",   "hbm2e",   "hbm3", "hbm3e", "gddr6",    "gddr6x", "gddr7",      "lpddr5x",  "oam"};
// Those that people glue to what follows: "RTX4090".
constexpr std::string_view kPrefixes[] = {"nvidia", "geforce", "radeon", "rtx", "rx"};
constexpr std::string_view kTimes = "\xC3\x97";  // ×

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); }
bool is_noise(std::string_view word) { return std::ranges::find(kNoise, word) != std::end(kNoise); }

std::string_view without_prefix(std::string_view word) {
  for (const std::string_view prefix : kPrefixes)
    if (word.size() > prefix.size() && word.starts_with(prefix)) return without_prefix(word.substr(prefix.size()));
  return word;
}

/// Lower-case words of letters and digits, noise left out.
std::vector<std::string> words_of(std::string_view text) {
  const std::string plain = lower(text);
  std::vector<std::string> words;
  for (std::size_t at = 0; at < plain.size();) {
    const auto begin = plain.begin() + std::ptrdiff_t(at);
    const auto end = std::find_if_not(begin, plain.end(), is_word);
    std::string word(begin, end);
    at += word.size() + 1;
    if (word.empty() || is_noise(word)) continue;
    word = without_prefix(word);
    if (word.size() == 4 && word.starts_with("sxm") && is_digit(word[3])) word.pop_back();
    words.push_back(std::move(word));
  }
  return words;
}

/// "80" of "80gb" or of "80" when the next word is "gb"; a size is at most 4 digits long.
std::optional<int> size_of(std::string_view word) {
  const std::size_t digits = std::min(word.find_first_not_of("0123456789"), word.size());
  const std::string_view unit = word.substr(digits);
  if (digits == 0 || digits > 4 || !(unit == "g" || unit == "gb" || unit == "gib")) return std::nullopt;
  return int(read_integer(word.substr(0, digits)).value_or(0));
}

/// Takes the first size out of `words`.
std::optional<int> take_size(std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (const auto size = size_of(words[i])) {
      words.erase(words.begin() + std::ptrdiff_t(i));
      return size;
    }
    if (i + 1 == words.size() || !std::ranges::all_of(words[i], is_digit)) continue;
    if (const auto size = size_of(words[i] + words[i + 1])) {
      words.erase(words.begin() + std::ptrdiff_t(i), words.begin() + std::ptrdiff_t(i) + 2);
      return size;
    }
  }
  return std::nullopt;
}

std::string joined(const std::vector<std::string>& words) {
  std::string key;
  for (const std::string& word : words) key += word;
  return key;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// A count at the front, "2x", "2 x" or "2 ", and what follows it.
std::optional<Reading> count_before(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = read_integer(text.substr(0, digits));
  if (!count) return std::nullopt;
  const std::string_view rest = text.substr(digits);
  std::string_view name = trimmed(rest);
  if (name.starts_with('x') || name.starts_with('X') || name.starts_with('*'))
    name.remove_prefix(1);
  else if (rest.size() == name.size())
    return std::nullopt;
  name = trimmed(name);
  return name.empty() ? std::nullopt : std::optional(Reading{std::string(name), *count});
}

/// A count at the end, "x2", "*2" or ":2", and what stands before it.
std::optional<Reading> count_behind(std::string_view text) {
  const std::size_t last = text.find_last_not_of("0123456789");
  if (last == std::string_view::npos || last + 1 == text.size()) return std::nullopt;
  const auto count = read_integer(text.substr(last + 1));
  const std::string_view rest = trimmed(text.substr(0, last + 1));
  if (!count || rest.empty() || std::string_view("xX*:").find(rest.back()) == std::string_view::npos)
    return std::nullopt;
  std::string_view name = trimmed(rest.substr(0, rest.size() - 1));
  while (!name.empty() && (name.back() == '-' || name.back() == '_')) name.remove_suffix(1);
  return name.empty() ? std::nullopt : std::optional(Reading{std::string(name), *count});
}

std::string without_remark(std::string_view text) {
  const std::size_t open = text.find('('), close = text.find(')', std::min(open, text.size()));
  if (open == std::string_view::npos || close == std::string_view::npos) return std::string(text);
  return std::string(trimmed(std::string(text.substr(0, open)) + std::string(text.substr(close + 1))));
}

}  // namespace

Name read_name(std::string_view text) {
  std::vector<std::string> words = words_of(text);
  const std::optional<int> size = take_size(words);
  return {joined(words), size};
}

std::optional<Name> read_name_with_bare_size(std::string_view text) {
  std::vector<std::string> words = words_of(text);
  if (take_size(words) || words.size() < 2 || words.back().size() > 4 || !std::ranges::all_of(words.back(), is_digit))
    return std::nullopt;
  const auto size = read_integer(words.back());
  words.pop_back();
  return Name{joined(words), int(size.value_or(0))};
}

std::vector<Reading> readings(std::string_view text) {
  std::string plain(trimmed(text));
  for (std::size_t at = plain.find(kTimes); at != std::string::npos; at = plain.find(kTimes, at))
    plain.replace(at, kTimes.size(), "x");
  std::vector<Reading> found;
  for (const std::string& form : std::array{plain, without_remark(plain)}) {
    if (!found.empty() && form == plain) break;
    found.push_back({form, 1});
    if (const auto before = count_before(form)) found.push_back(*before);
    if (const auto behind = count_behind(form)) found.push_back(*behind);
  }
  return found;
}

}  // namespace vram::hardware
