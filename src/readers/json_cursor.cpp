#include "readers/json_cursor.h"

#include <algorithm>
#include <cstring>

namespace vram::readers {
namespace {

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (length == 0 || first > 0xf4 || text.size() - i < length) return false;
    std::uint32_t code = length == 1 ? first : first & (0x7fu >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3f);
    }
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && (code < 0x10000 || code > 0x10ffff));
    if (surrogate || overlong) return false;
    i += length;
  }
  return true;
}

void append_utf8(std::uint32_t code, std::string& out) {
  const auto byte = [&](std::uint32_t value) { out += char(static_cast<unsigned char>(value)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      byte(0xe0 | code >> 12);
    } else {
      byte(0xf0 | code >> 18);
      byte(0x80 | (code >> 12 & 0x3f));
    }
    byte(0x80 | (code >> 6 & 0x3f));
  }
  byte(0x80 | (code & 0x3f));
}

/// Four hexadecimal digits at `i`.
std::optional<std::uint32_t> read_hex(std::string_view text, std::size_t i) {
  if (text.size() < i + 4) return std::nullopt;
  std::uint32_t code = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    const char c = text[i + k];
    const bool digit = c >= '0' && c <= '9', small = c >= 'a' && c <= 'f', large = c >= 'A' && c <= 'F';
    if (!digit && !small && !large) return std::nullopt;
    code = code << 4 | std::uint32_t(digit ? c - '0' : small ? c - 'a' + 10 : c - 'A' + 10);
  }
  return code;
}

/// What stands behind `\u` at `i`, the second half of a pair included; moves `i` past it.
std::optional<std::uint32_t> read_code(std::string_view raw, std::size_t& i) {
  const auto first = read_hex(raw, i);
  if (!first) return std::nullopt;
  i += 4;
  if (*first < 0xd800 || *first >= 0xe000) return first;
  const auto second = raw.substr(i).starts_with("\\u") ? read_hex(raw, i + 2) : std::nullopt;
  if (*first >= 0xdc00 || !second || *second < 0xdc00 || *second >= 0xe000) return std::nullopt;
  i += 6;
  return 0x10000 + ((*first & 0x3ff) << 10 | (*second & 0x3ff));
}

/// Whether the eight characters at `at` are ASCII, none of them a quotation mark, a backslash or a control character.
bool is_plain(const char* at) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kTops = 0x8080808080808080;
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  // The top bit of a byte is set where it was 0 before subtracting 1, or where a smaller one borrowed from it.
  const auto zero_in = [](std::uint64_t bytes) { return (bytes - kOnes) & ~bytes & kTops; };
  const std::uint64_t quote = zero_in(word ^ (kOnes * '"')), slash = zero_in(word ^ (kOnes * '\\'));
  const std::uint64_t control = (word - kOnes * 0x20) & ~word & kTops;
  return ((word & kTops) | quote | slash | control) == 0;
}

}  // namespace

bool JsonCursor::fail(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
  at_ = end_;
  return false;
}

bool JsonCursor::fail_expecting(char c) {
  const std::string wanted = std::string("\"") + c + "\" was expected";
  if (at_ == end_) return fail("it ends where " + wanted);
  return fail("it is not valid JSON at byte " + std::to_string(at_ - begin_) + ", where " + wanted);
}

std::optional<std::string_view> JsonCursor::string() {
  if (!expect('"')) return std::nullopt;
  const char* const start = at_;
  bool escapes = false, beyond_ascii = false;
  while (end_ - at_ >= 8 && is_plain(at_)) at_ += 8;
  for (; at_ != end_ && *at_ != '"'; ++at_) {
    const auto c = static_cast<unsigned char>(*at_);
    if (c < 0x20) break;
    beyond_ascii |= c >= 0x80;
    if (c != '\\') continue;
    escapes = true;
    if (++at_ == end_) break;
  }
  if (at_ == end_) return fail("it ends inside a text"), std::nullopt;
  if (*at_ != '"')
    return fail("it has a control character inside a text at byte " + std::to_string(at_ - begin_)), std::nullopt;
  const std::string_view raw(start, std::size_t(at_ - start));
  ++at_;
  if (beyond_ascii && !is_utf8(raw)) return fail("a text in it is not UTF-8"), std::nullopt;
  return escapes ? unescape(raw) : raw;
}

std::optional<std::string_view> JsonCursor::unescape(std::string_view raw) {
  static constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
  std::string text;
  for (std::size_t i = 0; i < raw.size();) {
    if (raw[i] != '\\') {
      text += raw[i++];
      continue;
    }
    const char letter = raw[i + 1];
    i += 2;
    if (const std::size_t known = kLetters.find(letter); known != std::string_view::npos) {
      text += kMeanings[known];
      continue;
    }
    const auto code = letter == 'u' ? read_code(raw, i) : std::nullopt;
    if (!code) return fail("a text in it has an escape that JSON has not"), std::nullopt;
    append_utf8(*code, text);
  }
  return unescaped_->emplace_back(std::move(text));
}

std::optional<std::int64_t> JsonCursor::whole() {
  skip_blanks();
  const char* const start = at_;
  std::uint64_t number = 0;
  for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) number = number * 10 + std::uint64_t(*at_ - '0');
  const std::ptrdiff_t digits = at_ - start;
  if (digits > 18) return fail("a number in it has more than 18 digits"), std::nullopt;
  const bool leading_zero = digits > 1 && *start == '0';
  const bool goes_on = at_ != end_ && (*at_ == '.' || *at_ == 'e' || *at_ == 'E');
  if (digits > 0 && !leading_zero && !goes_on) return std::int64_t(number);
  if (at_ == end_ && digits == 0) return fail("it ends where a number was expected"), std::nullopt;
  return fail("a whole number was expected at byte " + std::to_string(start - begin_)), std::nullopt;
}

bool JsonCursor::at_whole() {
  skip_blanks();
  const char* end = at_;
  while (end != end_ && *end >= '0' && *end <= '9') ++end;
  return end != at_ && (end == end_ || std::string_view(".eE").find(*end) == std::string_view::npos);
}

bool JsonCursor::skip_scalar() {
  skip_blanks();
  if (at_ != end_ && *at_ == '"') return string().has_value();
  const char* const start = at_;
  while (at_ != end_ && std::string_view(",]}: \n\r\t\"[{").find(*at_) == std::string_view::npos) ++at_;
  const std::string_view word(start, std::size_t(at_ - start));
  if (word == "true" || word == "false" || word == "null") return true;
  const bool number = !word.empty() && word.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
  return number || fail("it is not valid JSON at byte " + std::to_string(start - begin_));
}

bool JsonCursor::skip() {
  constexpr std::size_t kDeepest = 64;
  std::string open;  // the brackets that are to be closed
  for (;;) {
    bool value_done = false;
    if (eat('{')) {
      open += '}';
    } else if (eat('[')) {
      open += ']';
    } else {
      if (!skip_scalar()) return false;
      value_done = true;
    }
    if (open.size() > kDeepest) return fail("it is nested more than 64 deep");
    if (!value_done && eat(open.back())) {
      open.pop_back();
      value_done = true;
    }
    while (value_done && !open.empty() && !eat(',')) {
      if (!expect(open.back())) return false;
      open.pop_back();
    }
    if (value_done && open.empty()) return true;
    if (open.back() == '}' && (!string() || !expect(':'))) return false;
  }
}

bool JsonCursor::finished() {
  skip_blanks();
  return at_ == end_;
}

std::string shown(std::string_view name) {
  constexpr std::size_t kMost = 100;
  std::string text = "\"";
  std::size_t end = std::min(name.size(), kMost);
  while (end > 0 && end < name.size() && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  for (const char c : name.substr(0, end)) text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return text + (end < name.size() ? "…\"" : "\"");
}

}  // namespace vram::readers
