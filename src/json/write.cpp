#include "json/write.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "units/text.h"

namespace vram::json {
namespace {

/// Length of the well-formed UTF-8 sequence at the front of `text`; 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool shortest = lead != 0xE0 || byte(1) >= 0xA0;
    const bool no_surrogate = lead != 0xED || byte(1) < 0xA0;
    return shortest && no_surrogate && tail(1) && tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool in_range = (lead != 0xF0 || byte(1) >= 0x90) && (lead != 0xF4 || byte(1) < 0x90);
    return in_range && tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

/// How many characters at the front of `text` stand in JSON as they are and are a byte each.
std::size_t plain_length(std::string_view text) {
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; };
  return std::size_t(std::find_if_not(text.begin(), text.end(), plain) - text.begin());
}

void append_string(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (;;) {
    const std::size_t plain = plain_length(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const char c = text.front();
    std::size_t length = 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHex[(c >> 4) & 15];
      out += kHex[c & 15];
    } else if (const std::size_t whole = utf8_length(text); whole > 0) {
      out.append(text.substr(0, length = whole));
    } else {
      out += "\xEF\xBF\xBD";
    }
    text.remove_prefix(length);
  }
  out += '"';
}

constexpr std::size_t kUsual = 8192;  // bytes of a report

class Writer {
 public:
  explicit Writer(bool pretty) : pretty_(pretty) { out.reserve(kUsual); }

  void value(const Value& value) {
    if (const bool* boolean = value.boolean())
      out += *boolean ? "true" : "false";
    else if (const std::int64_t* integer = value.integer())
      whole(*integer);
    else if (const std::string* text = value.string())
      append_string(*text, out);
    else if (const Array* items = value.array())
      list('[', ']', *items, [&](const Value& item) { this->value(item); });
    else if (const Object* object = value.object())
      list('{', '}', object->members(), [&](const Object::Member& member) {
        append_string(member.first, out);
        out += ": ";
        this->value(member.second);
      });
    else if (const auto number = value.number(); number && std::isfinite(*number))
      out += python_float(*number);
    else
      out += "null";
  }

  std::string out;

 private:
  void whole(std::int64_t integer) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, integer).ptr);
  }

  template <class Items, class Each>
  void list(char open, char close, const Items& items, Each each) {
    out += open;
    indent_ += 2;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out += pretty_ ? "," : ", ";
      first = false;
      newline();
      each(item);
    }
    indent_ -= 2;
    if (!first) newline();
    out += close;
  }
  void newline() {
    if (!pretty_) return;
    out += '\n';
    out.append(indent_, ' ');
  }

  bool pretty_;
  std::size_t indent_ = 0;
};

}  // namespace

std::string write_line(const Value& value) {
  Writer writer(false);
  writer.value(value);
  return std::move(writer.out);
}

std::string write_pretty(const Value& value) {
  Writer writer(true);
  writer.value(value);
  return std::move(writer.out);
}

}  // namespace vram::json
