#include "logs/clean.h"

#include <algorithm>

namespace vram::logs {
namespace {

constexpr std::size_t kLongestPrefix = 300;

bool is_final(char c) { return c >= 0x40 && c <= 0x7e; }

/// The length of the escape sequence at the front of `text`: CSI to its final byte, else the byte behind the escape.
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2 || text[1] != '[') return std::min<std::size_t>(text.size(), 2);
  std::size_t end = 2;
  while (end < text.size() && !is_final(text[end])) ++end;
  return std::min(end + 1, text.size());
}

/// Behind "[file.py:12] " or "file.py:12] " or "[file.py] ", when one begins within a prefix's length.
std::size_t behind_source(std::string_view line) {
  const std::size_t file = line.substr(0, kLongestPrefix).find(".py");
  if (file == std::string_view::npos) return 0;
  std::size_t end = file + 3;
  if (end < line.size() && line[end] == ':') ++end;
  while (end < line.size() && line[end] >= '0' && line[end] <= '9') ++end;
  if (end >= line.size() || line[end] != ']') return 0;
  ++end;
  return end < line.size() && line[end] == ' ' ? end + 1 : end;
}

}  // namespace

std::string plain(std::string_view line) {
  std::string clean;
  clean.reserve(line.size());
  for (std::size_t i = 0; i < line.size();) {
    const char c = line[i];
    if (c == '\x1b') {
      i += escape_length(line.substr(i));
      continue;
    }
    if (c == '\t' || c == '\r') clean += ' ';
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) clean += c;
    ++i;
  }
  while (!clean.empty() && clean.back() == ' ') clean.pop_back();
  return clean;
}

std::string_view message(std::string_view plain_line) {
  if (const std::size_t source = behind_source(plain_line)) return plain_line.substr(source);
  const std::size_t bracket = plain_line.substr(0, kLongestPrefix).find("pid=");
  if (bracket == std::string_view::npos) return plain_line;
  const std::size_t end = plain_line.find(')', bracket);
  if (end == std::string_view::npos || end > kLongestPrefix) return plain_line;
  plain_line.remove_prefix(end + 1);
  if (plain_line.starts_with(" ")) plain_line.remove_prefix(1);
  return plain_line;
}

std::string_view process(std::string_view plain_line, std::size_t at) {
  const std::size_t pid = plain_line.substr(0, at).rfind("pid=");
  if (pid == std::string_view::npos) return {};
  const std::size_t end = plain_line.find_first_of("),", pid);
  const std::size_t open = plain_line.rfind('(', pid);
  const std::size_t begin = open == std::string_view::npos ? 0 : open + 1;
  if (end == std::string_view::npos || pid - begin > kLongestPrefix) return {};
  return plain_line.substr(begin, end - begin);
}

}  // namespace vram::logs
