// The words of a sentence, and which of them have been read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vram::options {

struct Word {
  std::string typed;    // "Qwen3"
  std::string lowered;  // "qwen3"
  bool read = false;
};

class Words {
 public:
  /// Words are parted by blanks, and by commas and semicolons that no digit follows at once.
  explicit Words(std::string_view text);

  [[nodiscard]] std::size_t size() const { return words_.size(); }
  [[nodiscard]] const Word& operator[](std::size_t i) const { return words_[i]; }
  /// Not read yet and equal to one of `candidates`.
  [[nodiscard]] bool is(std::size_t i, std::initializer_list<std::string_view> candidates) const;
  /// That many words from `i` on are there and unread.
  [[nodiscard]] bool unread(std::size_t i, std::size_t count = 1) const;
  /// "2x 4090": the words as typed, with a blank between.
  [[nodiscard]] std::string joined(std::size_t i, std::size_t count) const;
  /// Marks them and answers joined().
  std::string take(std::size_t i, std::size_t count);
  /// The runs of words that nothing has read, without those that say nothing by themselves ("on", "with").
  [[nodiscard]] std::vector<std::string> left() const;

 private:
  std::vector<Word> words_;
};

/// Tokens as vLLM reads sizes: "8192", "8,192", "32k", "32K", "1M".
std::optional<std::int64_t> tokens_in(std::string_view typed);

/// A share of one: ".95", "0.95", "95%".
std::optional<double> share_in(std::string_view typed);

/// Words that part others and say nothing by themselves.
bool is_filler(std::string_view lowered);

}  // namespace vram::options
