// Reads JSON of a known shape without building a tree: headers of safetensors reach a hundred megabytes.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace vram::readers {

/// A place in a text. Every read skips blanks, and answers nothing or false where the text goes on otherwise; the first
/// such problem is kept and every later read fails.
class JsonCursor {
 public:
  /// Strings with escapes are kept in `unescaped`, which must live as long as the views that `string` answers.
  JsonCursor(std::string_view text, std::deque<std::string>& unescaped)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()), unescaped_(&unescaped) {}

  /// Goes past `c`, or stays.
  bool eat(char c) {
    skip_blanks();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  /// Goes past `c`, which must follow.
  bool expect(char c) { return eat(c) || fail_expecting(c); }
  std::optional<std::string_view> string();
  /// A whole number of at most 18 digits.
  std::optional<std::int64_t> whole();
  /// Whether a whole number without sign, fraction or exponent follows; stays before it.
  bool at_whole();
  /// Past a value of any kind, at most 64 deep.
  bool skip();
  /// Whether only blanks are left.
  bool finished();

  /// Goes through an object: each(name) reads the value and answers whether to go on.
  template <class Each>
  bool members(Each each) {
    if (!expect('{')) return false;
    if (eat('}')) return true;
    do {
      const auto name = string();
      if (!name || !expect(':') || !each(*name) || failed()) return false;
    } while (eat(','));
    return expect('}');
  }

  bool fail(std::string problem);
  [[nodiscard]] bool failed() const { return !problem_.empty(); }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool fail_expecting(char c);
  std::optional<std::string_view> unescape(std::string_view raw);
  bool skip_scalar();

  const char* begin_;
  const char* at_;
  const char* end_;
  std::deque<std::string>* unescaped_;
  std::string problem_;
};

/// A name out of a file, fit to be part of a sentence: shortened, without control characters, in quotation marks.
std::string shown(std::string_view name);

}  // namespace vram::readers
