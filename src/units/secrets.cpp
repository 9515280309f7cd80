#include "units/secrets.h"

#include <algorithm>

#include "units/text.h"

namespace vram {
namespace {

constexpr std::string_view kBlanks = " \t\r\n", kQuotes = "'\"`";

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool is_name(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

/// Where the value behind a name begins: past quotes, brackets, an equals sign, a colon or a blank, and past the signs
/// of a difference's lines. The end of the text where there is none.
std::size_t value_behind(std::string_view text, std::size_t at) {
  constexpr std::size_t kMostBetween = 80;
  const std::size_t begin = at;
  for (; at < text.size() && at - begin < kMostBetween; ++at) {
    const bool sign = (text[at] == '+' || text[at] == '-') && at > begin && text[at - 1] == '\n';
    if (!sign && !is_one_of(text[at], kBlanks) && !is_one_of(text[at], kQuotes) && !is_one_of(text[at], ":=,[(")) break;
  }
  const bool value = at > begin && at < text.size() && text[at] != '-' && !is_one_of(text[at], "])}");
  return value ? at : text.size();
}

std::size_t end_of_value(std::string_view text, std::size_t at) {
  while (at < text.size() && !is_one_of(text[at], kBlanks) && !is_one_of(text[at], kQuotes) &&
         !is_one_of(text[at], ",])}"))
    ++at;
  return at;
}

}  // namespace

bool names_secret(std::string_view name) {
  constexpr std::string_view kEnds[] = {"hf_token",   "hub_token",     "api_token", "access_token",
                                        "auth_token", "api_key",       "secret",    "secret_key",
                                        "access_key", "access_key_id", "password"};
  std::string plain = lower(name);
  std::ranges::replace(plain, '-', '_');
  return std::ranges::any_of(kEnds, [&](std::string_view end) {
    const bool ends = plain.ends_with(end);
    return ends && (plain.size() == end.size() || plain[plain.size() - end.size() - 1] == '_');
  });
}

std::string without_credentials(std::string_view text) {
  std::string shown;
  for (;;) {
    const std::size_t scheme = text.find("://");
    if (scheme == std::string_view::npos) return shown.append(text);
    const std::size_t begin = scheme + 3, end = std::min(text.find_first_of("/?# \t\r\n'\"`,", begin), text.size());
    const std::size_t at = text.substr(begin, end - begin).rfind('@');
    shown.append(text.substr(0, begin));
    if (at != std::string_view::npos) shown.append(kHidden);
    text.remove_prefix(at == std::string_view::npos ? begin : begin + at);
  }
}

std::string without_secrets(std::string_view given) {
  const std::string masked = without_credentials(given);
  const std::string_view text = masked;
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_name(text[end])) ++end;
    if (end == at) {
      shown += text[at++];
      continue;
    }
    const bool secret = names_secret(text.substr(at, end - at));
    std::size_t value = secret ? value_behind(text, end) : text.size();
    // A list, or a flag among a list's words: every item up to the next flag.
    const bool list = text.substr(end, value - end).find_first_of("[,") != std::string_view::npos;
    shown.append(text.substr(at, end - at));
    at = end;
    while (value < text.size()) {
      shown.append(text.substr(at, value - at)).append(kHidden);
      at = end_of_value(text, value);
      value = list ? value_behind(text, at) : text.size();
    }
  }
  return shown;
}

}  // namespace vram
