#include "logs/python.h"

#include <string>

#include "units/text.h"

namespace vram::logs {
namespace {

constexpr int kDeepest = 32;
constexpr std::size_t kMostMembers = 4096;

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/// Reads from the front of what is left; after something that cannot be read, nothing is left.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  json::Object members(std::string_view close, char between) {
    json::Object object;
    for (std::size_t i = 0; i < kMostMembers; ++i) {
      skip(", \t");
      if (text_.empty() || (!close.empty() && text_.starts_with(close))) break;
      std::string name = key(between);
      if (text_.empty() || text_.front() != between) {
        text_ = {};
        break;
      }
      text_.remove_prefix(1);
      skip(" ");
      if (text_.empty()) break;
      object.set(std::move(name), value());
    }
    if (!close.empty() && text_.starts_with(close)) text_.remove_prefix(close.size());
    return object;
  }

 private:
  void skip(std::string_view these) {
    const std::size_t end = text_.find_first_not_of(these);
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end);
  }

  std::string key(char between) {
    if (!text_.empty() && (text_.front() == '\'' || text_.front() == '"')) return quoted();
    const std::size_t end = text_.find(between);
    std::string name(text_.substr(0, end));
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end);
    return name;
  }

  std::string quoted() {
    const char quote = text_.front();
    std::string read;
    std::size_t at = 1;
    for (; at < text_.size() && text_[at] != quote; ++at) {
      if (text_[at] == '\\' && at + 1 < text_.size()) ++at;
      read += text_[at];
    }
    text_.remove_prefix(std::min(at + 1, text_.size()));
    return read;
  }

  json::Array items(std::string_view close) {
    json::Array list;
    while (list.size() < kMostMembers) {
      skip(", \t");
      if (text_.empty() || text_.starts_with(close)) break;
      list.push_back(value());
    }
    if (text_.starts_with(close)) text_.remove_prefix(close.size());
    return list;
  }

  /// <CUDAGraphMode.NONE: 0>: NONE
  std::string enumerated() {
    const std::size_t end = text_.find('>');
    std::string_view inside = text_.substr(1, end == std::string_view::npos ? end : end - 1);
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
    inside = inside.substr(0, inside.find(':'));
    return std::string(inside.substr(inside.rfind('.') + 1));
  }

  json::Value bare() {
    std::size_t end = 0;
    while (end < text_.size() && (is_word(text_[end]) || std::string_view(".-+/:").find(text_[end]) < 5)) ++end;
    if (end == 0) {
      text_ = {};
      return {};
    }
    const std::string_view word = text_.substr(0, end);
    text_.remove_prefix(end);
    if (text_.starts_with("(")) {
      text_.remove_prefix(1);
      return members(")", '=');
    }
    if (word == "None" || word == "null") return {};
    if (word == "True" || word == "true") return true;
    if (word == "False" || word == "false") return false;
    if (const auto integer = read_integer(word)) return *integer;
    if (const auto number = read_number(word)) return *number;
    return word.substr(word.rfind('.') + 1);
  }

  json::Value value() {
    if (depth_ >= kDeepest) text_ = {};
    if (text_.empty()) return {};
    ++depth_;
    json::Value read = [&]() -> json::Value {
      const char first = text_.front();
      if (first == '\'' || first == '"') return quoted();
      if (first == '<') return enumerated();
      if (first != '{' && first != '[' && first != '(') return bare();
      text_.remove_prefix(1);
      if (first == '[') return items("]");
      if (first == '(') return items(")");
      return members("}", ':');
    }();
    --depth_;
    return read;
  }

  std::string_view text_;
  int depth_ = 0;
};

}  // namespace

json::Object read_dict(std::string_view text) {
  if (!text.starts_with("{")) return {};
  return Reader(text.substr(1)).members("}", ':');
}

json::Object read_keywords(std::string_view text) { return Reader(text).members(")", '='); }

}  // namespace vram::logs
