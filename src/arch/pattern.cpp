#include "arch/pattern.h"

#include <algorithm>

namespace vram::arch {
namespace {

using Class = std::bitset<256>;
constexpr std::size_t kLongest = 4096;  // characters of an expression, and instructions it may become

Class one(char c) {
  Class set;
  set.set(static_cast<unsigned char>(c));
  return set;
}

Class range(int from, int to) {
  Class set;
  for (int c = from; c <= to; ++c) set.set(std::size_t(c));
  return set;
}

Class word() { return range('a', 'z') | range('A', 'Z') | range('0', '9') | one('_'); }
Class space() { return one(' ') | range('\t', '\r'); }

bool is_word(std::string_view text, std::size_t at) {
  return at < text.size() && word().test(static_cast<unsigned char>(text[at]));
}

/// The class that an escape names, or the escaped character itself; nothing for letters with another meaning.
std::optional<Class> escaped(char c) {
  switch (c) {
    case 'd':
      return range('0', '9');
    case 'D':
      return ~range('0', '9');
    case 'w':
      return word();
    case 'W':
      return ~word();
    case 's':
      return space();
    case 'S':
      return ~space();
    case 'n':
      return one('\n');
    case 't':
      return one('\t');
    default:
      break;
  }
  if (is_word(std::string_view(&c, 1), 0) && c != '_') return std::nullopt;
  return one(c);
}

}  // namespace

/// Recursive descent over the expression. Repeated parts are compiled as often as they are repeated.
class PatternCompiler {
 public:
  explicit PatternCompiler(std::string_view text) : text_(text) {}

  std::optional<Pattern> compile() {
    if (text_.size() > kLongest || !alternatives(0) || at_ != text_.size()) return std::nullopt;
    emit(Pattern::Op::kMatch);
    result_.required_ = longest_;
    return std::move(result_);
  }

 private:
  using Op = Pattern::Op;
  static constexpr int kDeepest = 64;

  [[nodiscard]] bool more() const { return at_ < text_.size(); }
  [[nodiscard]] char peek() const { return more() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (!more() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] std::int32_t here() const { return std::int32_t(result_.program_.size()); }
  void emit(Op op, std::int32_t argument = 0) { result_.program_.push_back({op, argument}); }
  void emit_class(const Class& set) {
    emit(Op::kClass, std::int32_t(result_.classes_.size()));
    result_.classes_.push_back(set);
  }

  bool alternatives(int depth) {
    if (depth > kDeepest) return false;
    const std::int32_t start = here();
    if (!sequence(depth)) return false;
    std::vector<std::int32_t> ends;
    while (take('|')) {
      if (depth == 0) longest_.clear();  // no branch's text is required of all
      branched_ = branched_ || depth == 0;
      insert(start, {Op::kSplit, here() + 2});
      ends.push_back(here());
      emit(Op::kJump);
      // The new branch is tried when all before it fail: its split precedes them all.
      if (!sequence(depth)) return false;
    }
    for (std::size_t i = 0; i < ends.size(); ++i) {
      // Each later insertion at `start` has moved the jumps before it by one.
      const auto moved = std::size_t(ends[i]) + (ends.size() - 1 - i);
      result_.program_[moved].argument = here();
    }
    return std::size_t(here()) <= kLongest;
  }

  /// Instructions from `at` on move by one, and so do their targets; who came to `at` from before meets the new one.
  void insert(std::int32_t at, Pattern::Instruction instruction) {
    for (std::size_t i = std::size_t(at); i < result_.program_.size(); ++i)
      if (has_target(result_.program_[i].op) && result_.program_[i].argument >= at) ++result_.program_[i].argument;
    result_.program_.insert(result_.program_.begin() + at, instruction);
  }
  static bool has_target(Op op) {
    return op == Op::kSplit || op == Op::kJump || op == Op::kAhead || op == Op::kNotAhead;
  }

  bool sequence(int depth) {
    std::string literal;
    const auto keep = [&] {
      if (depth == 0 && !branched_ && literal.size() > longest_.size()) longest_ = literal;
      literal.clear();
    };
    while (more() && peek() != '|' && peek() != ')') {
      const std::int32_t start = here();
      const std::size_t from = at_;
      std::optional<char> plain;
      if (!atom(depth, plain)) return false;
      const std::size_t to = at_;
      int least = 1, most = 1;
      if (!quantifier(least, most)) return false;
      if (least == 1 && most == 1 && plain) {
        literal += *plain;
        continue;
      }
      keep();
      if ((least != 1 || most != 1) && !repeat(start, from, to, least, most, depth)) return false;
      if (std::size_t(here()) > kLongest) return false;
    }
    keep();
    return true;
  }

  static constexpr int kEndless = -1;

  bool quantifier(int& least, int& most) {
    if (take('*')) {
      least = 0, most = kEndless;
    } else if (take('+')) {
      least = 1, most = kEndless;
    } else if (take('?')) {
      least = 0, most = 1;
    } else if (peek() == '{') {
      const std::size_t start = at_++;
      const auto number = [&]() -> std::optional<int> {
        if (peek() < '0' || peek() > '9') return std::nullopt;
        int value = 0;
        while (peek() >= '0' && peek() <= '9') value = std::min(value * 10 + (text_[at_++] - '0'), 1000);
        return value;
      };
      const auto first = number();
      least = first.value_or(0);
      most = least;
      if (take(',')) most = number().value_or(kEndless);
      if (!take('}')) {  // Python reads a brace that is no quantifier as itself
        at_ = start;
        least = most = 1;
        return false;
      }
    } else {
      return true;
    }
    take('?');  // lazy or greedy: whether it matches is the same
    return peek() != '*' && peek() != '+';
  }

  /// Compiles text_[from, to) again for each copy but the first, which begins at `start`.
  bool repeat(std::int32_t start, std::size_t from, std::size_t to, int least, int most, int depth) {
    const std::size_t after = at_;
    result_.program_.resize(std::size_t(start));
    const auto copy = [&] {
      at_ = from;
      std::optional<char> plain;
      return atom(depth, plain) && at_ == to && std::size_t(here()) <= kLongest;
    };
    for (int i = 0; i < least; ++i)
      if (!copy()) return false;
    if (most == kEndless) {
      const std::int32_t split = here();
      emit(Op::kSplit);
      if (!copy()) return false;
      emit(Op::kJump, split);
      result_.program_[std::size_t(split)].argument = here();
    } else {
      std::vector<std::int32_t> splits;
      for (int i = least; i < most; ++i) {
        splits.push_back(here());
        emit(Op::kSplit);
        if (!copy()) return false;
      }
      for (const std::int32_t split : splits) result_.program_[std::size_t(split)].argument = here();
    }
    at_ = after;
    return true;
  }

  /// One character, class, anchor or group; `plain` is set where it stands for one certain character.
  bool atom(int depth, std::optional<char>& plain) {
    const char c = text_[at_++];
    switch (c) {
      case '.':
        emit_class(~one('\n'));
        return true;
      case '^':
        emit(Op::kBegin);
        return true;
      case '$':
        emit(Op::kEnd);
        return true;
      case '[':
        return character_class();
      case '(':
        return group(depth);
      case '\\':
        return escape(plain);
      case '*':
      case '+':
      case '?':
      case '{':
        return false;
      default:
        plain = c;
        emit_class(one(c));
        return true;
    }
  }

  bool escape(std::optional<char>& plain) {
    if (!more()) return false;
    const char c = text_[at_++];
    if (c == 'b' || c == 'B') {
      emit(c == 'b' ? Op::kBoundary : Op::kInside);
      return true;
    }
    if (c == 'A' || c == 'Z') {
      emit(c == 'A' ? Op::kBegin : Op::kEnd);
      return true;
    }
    const auto set = escaped(c);
    if (!set) return false;
    if (set->count() == 1 && c != 'n' && c != 't') plain = c;
    emit_class(*set);
    return true;
  }

  bool group(int depth) {
    std::int32_t ahead = -1;
    if (take('?')) {
      if (take('=') || peek() == '!') {
        ahead = here();
        emit(take('!') ? Op::kNotAhead : Op::kAhead);
      } else if (take('P')) {  // (?P<name>...)
        if (!take('<')) return false;
        while (more() && peek() != '>') ++at_;
        if (!take('>')) return false;
      } else if (!take(':')) {
        return false;
      }
    }
    if (!alternatives(depth + 1) || !take(')')) return false;
    if (ahead >= 0) {
      emit(Op::kMatch);
      result_.program_[std::size_t(ahead)].argument = here();
    }
    return true;
  }

  bool character_class() {
    const bool negated = take('^');
    Class set;
    bool first = true;
    while (more() && (peek() != ']' || first)) {
      first = false;
      char from = text_[at_++];
      if (from == '\\') {
        if (!more()) return false;
        from = text_[at_++];
        const auto named = escaped(from);
        if (!named) return false;
        if (named->count() != 1) {
          set |= *named;
          continue;
        }
      }
      if (peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        char to = text_[at_++];
        if (to == '\\') {
          if (!more()) return false;
          to = text_[at_++];
        }
        if (static_cast<unsigned char>(to) < static_cast<unsigned char>(from)) return false;
        set |= range(static_cast<unsigned char>(from), static_cast<unsigned char>(to));
      } else {
        set |= one(from);
      }
    }
    if (!take(']')) return false;
    emit_class(negated ? ~set : set);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Pattern result_;
  std::string longest_;
  bool branched_ = false;
};

/// Depth-first over (instruction, position), each pair at most once.
class PatternRun {
 public:
  PatternRun(const Pattern& pattern, std::string_view text, bool to_end)
      : pattern_(pattern), text_(text), to_end_(to_end), seen_(pattern.program_.size() * (text.size() + 1), false) {}

  bool from(std::int32_t start, std::size_t position, bool to_end) {
    std::vector<std::pair<std::int32_t, std::size_t>> work{{start, position}};
    while (!work.empty()) {
      auto [pc, at] = work.back();
      work.pop_back();
      while (true) {
        const std::size_t state = std::size_t(pc) * (text_.size() + 1) + at;
        if (seen_[state]) break;
        seen_[state] = true;
        const Pattern::Instruction instruction = pattern_.program_[std::size_t(pc)];
        if (instruction.op == Pattern::Op::kMatch) {
          if (!to_end || at == text_.size()) return true;
          break;
        }
        if (instruction.op == Pattern::Op::kSplit) work.emplace_back(instruction.argument, at);
        if (!step(instruction, pc, at)) break;
      }
    }
    return false;
  }
  bool run() { return from(0, 0, to_end_); }

 private:
  /// Whether the run goes on, at `pc` and `at`.
  bool step(const Pattern::Instruction& instruction, std::int32_t& pc, std::size_t& at) {
    const std::int32_t argument = instruction.argument;
    ++pc;
    switch (instruction.op) {
      case Pattern::Op::kClass:
        return at < text_.size() &&
               pattern_.classes_[std::size_t(argument)].test(static_cast<unsigned char>(text_[at++]));
      case Pattern::Op::kSplit:
        return true;
      case Pattern::Op::kJump:
        pc = argument;
        return true;
      case Pattern::Op::kBegin:
        return at == 0;
      case Pattern::Op::kEnd:
        return at == text_.size() || (at + 1 == text_.size() && text_[at] == '\n');
      case Pattern::Op::kBoundary:
      case Pattern::Op::kInside: {
        const bool boundary = (at > 0 && is_word(text_, at - 1)) != is_word(text_, at);
        return boundary == (instruction.op == Pattern::Op::kBoundary);
      }
      case Pattern::Op::kAhead:
      case Pattern::Op::kNotAhead: {
        const bool found = PatternRun(pattern_, text_, false).from(pc, at, false);
        pc = argument;
        return found == (instruction.op == Pattern::Op::kAhead);
      }
      case Pattern::Op::kMatch:
        break;
    }
    return false;
  }

  const Pattern& pattern_;
  std::string_view text_;
  bool to_end_;
  std::vector<bool> seen_;
};

std::optional<Pattern> Pattern::compile(std::string_view expression) { return PatternCompiler(expression).compile(); }

bool Pattern::matches_start(std::string_view text) const {
  return possible(text) && PatternRun(*this, text, false).run();
}

bool Pattern::matches_all(std::string_view text) const { return possible(text) && PatternRun(*this, text, true).run(); }

bool wildcard_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0;
  std::optional<std::pair<std::size_t, std::size_t>> star;  // where to go on after the last *, one character later
  const auto class_end = [&](std::size_t from) {
    std::size_t end = from + 1;
    if (end < pattern.size() && pattern[end] == '!') ++end;
    if (end < pattern.size() && pattern[end] == ']') ++end;
    return pattern.find(']', end);
  };
  const auto fits = [&](std::size_t& next) {
    if (p >= pattern.size() || t >= text.size()) return false;
    next = p + 1;
    if (pattern[p] == '?') return true;
    const std::size_t end = pattern[p] == '[' ? class_end(p) : std::string_view::npos;
    if (end == std::string_view::npos) return pattern[p] == text[t];
    next = end + 1;
    std::string_view inner = pattern.substr(p + 1, end - p - 1);
    const bool negated = inner.starts_with('!');
    if (negated) inner.remove_prefix(1);
    bool found = false;
    for (std::size_t i = 0; i < inner.size(); ++i) {
      const bool ranged = i + 2 < inner.size() && inner[i + 1] == '-';
      found = found || (ranged ? inner[i] <= text[t] && text[t] <= inner[i + 2] : inner[i] == text[t]);
      if (ranged) i += 2;
    }
    return found != negated;
  };
  while (t < text.size() || p < pattern.size()) {
    std::size_t next = 0;
    if (p < pattern.size() && pattern[p] == '*') {
      star = {++p, t};
    } else if (fits(next)) {
      p = next;
      ++t;
    } else if (star && star->second < text.size()) {
      t = ++star->second;
      p = star->first;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace vram::arch
