// Python's regular expressions, as far as quantisation configs use them to name layers.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vram::arch {

/// A compiled expression without captures or back-references, so that a match costs at most
/// (instructions x characters) however it is written: no step is taken twice from the same place.
class Pattern {
 public:
  /// Literals, escapes (\d \w \s \b and their opposites), classes, groups, alternatives, quantifiers, anchors and
  /// lookahead. Nothing for anything else, and for expressions beyond a limit of ours.
  static std::optional<Pattern> compile(std::string_view expression);

  /// re.match: the expression fits the beginning of `text`.
  [[nodiscard]] bool matches_start(std::string_view text) const;
  /// re.fullmatch.
  [[nodiscard]] bool matches_all(std::string_view text) const;

 private:
  friend class PatternCompiler;
  friend class PatternRun;
  enum class Op : std::uint8_t {
    kClass,     // one character of classes_[argument]
    kSplit,     // go on at the next instruction, or at `argument`
    kJump,      // go on at `argument`
    kBegin,     // ^
    kEnd,       // $: the end, or before a final newline
    kBoundary,  // \b
    kInside,    // \B
    kAhead,     // (?=...): the instructions up to `argument` match here
    kNotAhead,  // (?!...)
    kMatch
  };
  struct Instruction {
    Op op;
    std::int32_t argument = 0;
  };
  [[nodiscard]] bool possible(std::string_view text) const { return text.find(required_) != std::string_view::npos; }

  std::vector<Instruction> program_;
  std::vector<std::bitset<256>> classes_;
  std::string required_;  // every text that matches contains it: most layers are turned away by this alone
};

/// Python's fnmatch with its case folding as on Linux (none): * ? [seq] [!seq].
bool wildcard_match(std::string_view pattern, std::string_view text);

}  // namespace vram::arch
