// Names are compared as letters and digits alone, so that "gemma 3 12b" finds "google/gemma-3-12b-it". Every word must
// stand in the name where a piece of it begins; of the names left, the one with the least besides is meant.
#include "options/ask_model.h"

#include <algorithm>

#include "readers/catalogue.h"
#include "units/text.h"

namespace vram::options {
namespace {

bool letter(char c) { return (c >= 'a' && c <= 'z'); }
bool digit(char c) { return c >= '0' && c <= '9'; }

/// "Qwen3-32B" -> qwen, 3, 32b: a piece begins after a separator and where a digit follows a letter.
std::vector<std::string> pieces(std::string_view name) {
  std::vector<std::string> found;
  std::string piece;
  const auto end = [&] {
    if (!piece.empty()) found.push_back(piece);
    piece.clear();
  };
  for (const char c : lower(name)) {
    const bool part = letter(c) || digit(c) || (c == '.' && !piece.empty() && digit(piece.back()));
    if (!part || (digit(c) && !piece.empty() && letter(piece.back()))) end();
    if (part) piece += c;
  }
  end();
  return found;
}

struct Candidate {
  const std::string* name;
  std::vector<std::string> pieces;  // of the name without its organisation
  std::vector<std::string> organisation;
};

/// A candidate that is still meant, and how many of its pieces were said.
struct Match {
  const Candidate* candidate;
  std::size_t used = 0;
};

constexpr std::string_view kQuantisations[] = {"fp8", "awq", "gptq", "nvfp4", "mxfp4", "int4", "int8", "w8a8", "fp4"};
// Pieces that a name may have besides without meaning another model.
constexpr std::string_view kUsual[] = {"it", "instruct", "chat", "hf", "v", "meta", "bf16"};

bool among(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// How many pieces of `name` the word's pieces match, one after the other; 0 when they do not.
std::size_t matched(const std::vector<std::string>& name, const std::vector<std::string>& word) {
  for (std::size_t from = 0; from + word.size() <= name.size(); ++from) {
    bool all = true;
    for (std::size_t i = 0; i < word.size() && all; ++i) all = name[from + i] == word[i];
    if (all) return word.size();
  }
  return 0;
}

std::vector<Match> narrowed(const std::vector<Match>& matches, const std::vector<std::string>& word) {
  std::vector<Match> left;
  for (const Match& match : matches) {
    const std::size_t count = matched(match.candidate->pieces, word);
    if (count > 0 || matched(match.candidate->organisation, word) > 0)
      left.push_back({match.candidate, match.used + count});
  }
  return left;
}

/// What stands in the name besides what was said; a format or another kind of model weighs more than "-it".
std::size_t rest(const Match& match) {
  std::size_t weight = 0;
  for (const std::string& piece : match.candidate->pieces) weight += among(kUsual, piece) ? 1 : 4;
  return weight - std::min(weight, match.used * 4);
}

const Candidate& best(const std::vector<Match>& matches) {
  const auto better = [](const Match& a, const Match& b) {
    if (rest(a) != rest(b)) return rest(a) < rest(b);
    const auto &one = *a.candidate, &other = *b.candidate;
    // Of two releases of a checkpoint the later name is the newer.
    return one.pieces.size() != other.pieces.size() ? one.pieces.size() < other.pieces.size() : *one.name > *other.name;
  };
  return *std::ranges::min_element(matches, better)->candidate;
}

std::vector<Candidate> all(const std::vector<std::string>& names) {
  std::vector<Candidate> candidates;
  for (const std::string& name : names) {
    const std::size_t slash = name.find('/');
    const bool owned = slash != std::string::npos;
    candidates.push_back({&name, pieces(owned ? std::string_view(name).substr(slash + 1) : name),
                          pieces(owned ? std::string_view(name).substr(0, slash) : "")});
  }
  return candidates;
}

}  // namespace

std::optional<NamedModel> take_model(Words& words) {
  const std::vector<std::string> names = catalogue_names();
  const std::vector<Candidate> candidates = all(names);
  std::vector<Match> matches;
  for (const Candidate& candidate : candidates) matches.push_back({&candidate});
  NamedModel model;
  bool named = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words.unread(i) || is_filler(words[i].lowered)) continue;
    const std::string& word = words[i].lowered;
    const bool format = among(kQuantisations, word);
    if (format && !named) continue;  // "fp8 qwen3" is left to the end
    std::vector<Match> left = narrowed(matches, pieces(word));
    if (left.empty() && format && model.quantization.empty()) model.quantization = word;
    if (left.empty() && !format) continue;
    if (!left.empty()) matches = std::move(left);
    named = named || !format;
    model.words += (model.words.empty() ? "" : " ") + words.take(i, 1);
  }
  if (!named) return std::nullopt;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words.unread(i) || !among(kQuantisations, words[i].lowered)) continue;
    std::vector<Match> left = narrowed(matches, pieces(words[i].lowered));
    if (left.empty())
      model.quantization = words[i].lowered;
    else
      matches = std::move(left);
    model.words = words.take(i, 1) + ' ' + model.words;
  }
  model.name = *best(matches).name;
  return model;
}

}  // namespace vram::options
