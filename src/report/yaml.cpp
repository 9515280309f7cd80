#include "report/yaml.h"

#include <algorithm>

#include "json/write.h"
#include "units/text.h"

namespace vram::report {
namespace {

/// Letters, digits and a few signs, beginning with a letter or a slash, and not one of YAML 1.1's words for something
/// else.
bool plain(std::string_view text) {
  constexpr std::string_view kWords[] = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"};
  constexpr std::string_view kInside = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-";
  if (text.empty() || text.find_first_not_of(kInside) != std::string_view::npos) return false;
  const char first = text.front();
  const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '/';
  return letter && std::ranges::find(kWords, lower(text)) == std::end(kWords);
}

std::string scalar(const json::Value& value) {
  const std::string* text = value.string();
  return text && plain(*text) ? *text : json::write_line(value);
}

bool nested(const json::Value& value) {
  return (value.object() && !value.object()->members().empty()) || (value.array() && !value.array()->empty());
}

void write(const json::Value& value, const std::string& indent, std::string& out);

/// Behind "key:" or "-".
void write_item(const json::Value& value, const std::string& indent, bool in_list, std::string& out) {
  if (!nested(value)) {
    out += ' ' + scalar(value) + '\n';
  } else if (in_list) {
    std::string inner;
    write(value, indent + "  ", inner);
    out += ' ' + inner.substr(indent.size() + 2);  // its first line stands behind the dash
  } else {
    out += '\n';
    write(value, value.array() ? indent : indent + "  ", out);
  }
}

void write(const json::Value& value, const std::string& indent, std::string& out) {
  if (const json::Object* object = value.object()) {
    for (const auto& [name, member] : object->members()) {
      out += indent + (plain(name) ? name : json::write_line(json::Value(name))) + ':';
      write_item(member, indent, false, out);
    }
  } else if (const json::Array* items = value.array()) {
    for (const json::Value& item : *items) {
      out += indent + '-';
      write_item(item, indent, true, out);
    }
  }
}

}  // namespace

std::string yaml(const json::Value& value) {
  if (!nested(value)) return scalar(value) + '\n';
  std::string out;
  write(value, "", out);
  return out;
}

}  // namespace vram::report
