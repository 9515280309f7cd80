#include "report/text_style.h"

#include <algorithm>

namespace vram::report {

std::string painted(std::string_view text, Paint paint, const TextStyle& style) {
  static constexpr const char* kCodes[] = {"", "1", "2", "1;32", "1;31", "1;33", "34", "33", "90", "36", "35", "90"};
  if (!style.colour || paint == Paint::kNone) return std::string(text);
  return std::string("\x1b[") + kCodes[std::size_t(paint)] + 'm' + std::string(text) + "\x1b[0m";
}

int columns(std::string_view text) {
  return int(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

std::string padded_right(std::string_view text, int width) {
  return std::string(text) + std::string(std::size_t(std::max(width - columns(text), 0)), ' ');
}

std::string padded_left(std::string_view text, int width) {
  return std::string(std::size_t(std::max(width - columns(text), 0)), ' ') + std::string(text);
}

std::string wrapped(std::string_view text, int width, std::string_view indent) {
  std::string out;
  int at = 0;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (at > 0 && at + 1 + columns(word) > width) {
      out += '\n';
      at = 0;
    }
    out += at == 0 ? indent : std::string_view(" ");
    at += (at == 0 ? columns(indent) : 1) + columns(word);
    out += word;
  }
  return out;
}

}  // namespace vram::report
