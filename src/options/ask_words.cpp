#include "options/ask_words.h"

#include <algorithm>

#include "units/text.h"

namespace vram::options {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::string_view kFillers[] = {"a",    "an",  "and",  "at",    "card", "cards", "each", "for",  "gpu",
                                         "gpus", "in",  "into", "model", "of",   "on",    "one",  "run",  "serve",
                                         "the",  "to",  "use",  "using", "via",  "with",  "what", "does", "fit",
                                         "fits", "can", "i",    "will",  "it",   "my",    "?",    "per",  "vllm"};

}  // namespace

Words::Words(std::string_view text) {
  std::string word;
  const auto end = [&] {
    if (!word.empty()) words_.push_back({word, lower(word), false});
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    const bool comma =
        (c == ',' || c == ';') && !(i + 1 < text.size() && digit(text[i + 1]) && !word.empty() && digit(word.back()));
    if (blank || comma)
      end();
    else
      word += c;
  }
  end();
}

bool Words::is(std::size_t i, std::initializer_list<std::string_view> candidates) const {
  if (!unread(i)) return false;
  return std::find(candidates.begin(), candidates.end(), words_[i].lowered) != candidates.end();
}

bool Words::unread(std::size_t i, std::size_t count) const {
  if (count == 0 || i + count > words_.size()) return false;
  for (std::size_t at = i; at < i + count; ++at)
    if (words_[at].read) return false;
  return true;
}

std::string Words::joined(std::size_t i, std::size_t count) const {
  std::string text;
  for (std::size_t at = i; at < std::min(i + count, words_.size()); ++at)
    text += (text.empty() ? "" : " ") + words_[at].typed;
  return text;
}

std::string Words::take(std::size_t i, std::size_t count) {
  for (std::size_t at = i; at < std::min(i + count, words_.size()); ++at) words_[at].read = true;
  return joined(i, count);
}

std::vector<std::string> Words::left() const {
  std::vector<std::string> runs;
  bool going = false;
  for (const Word& word : words_) {
    if (word.read || is_filler(word.lowered)) {
      going = false;
      continue;
    }
    if (going)
      runs.back() += ' ' + word.typed;
    else
      runs.push_back(word.typed);
    going = true;
  }
  return runs;
}

std::optional<std::int64_t> tokens_in(std::string_view typed) {
  std::string plain;
  for (std::size_t i = 0; i < typed.size(); ++i)
    if (typed[i] != ',') plain += typed[i];
  if (plain.empty() || !digit(plain.front())) return std::nullopt;
  const auto count = read_count(plain, "");
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  return count && *count >= 1 && *count <= kMost ? std::optional(*count) : std::nullopt;
}

std::optional<double> share_in(std::string_view typed) {
  const bool percent = typed.ends_with('%');
  if (percent) typed.remove_suffix(1);
  const auto number = read_number(typed);
  if (!number) return std::nullopt;
  const double share = percent ? *number / 100 : *number;
  return share > 0 && share <= 1 ? std::optional(share) : std::nullopt;
}

bool is_filler(std::string_view lowered) { return std::ranges::find(kFillers, lowered) != std::end(kFillers); }

}  // namespace vram::options
