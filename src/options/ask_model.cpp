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

std::vector<Candidate> narrowed(const std::vector<Candidate>& candidates, const std::vector<std::string>& word) {
  std::vector<Candidate> left;
  for (const Candidate& candidate : candidates) {
    const std::size_t count = matched(candidate.pieces, word);
    if (count == 0 && matched(candidate.organisation, word) == 0) continue;
    left.push_back(candidate);
    left.back().used += count;
  }
  return left;
}

/// What stands in the name besides what was said; a format or another kind of model weighs more than "-it".
std::size_t rest(const Candidate& candidate) {
  std::size_t weight = 0;
  for (const std::string& piece : candidate.pieces) weight += among(kUsual, piece) ? 1 : 4;
  return weight - std::min(weight, candidate.used * 4);
}

const Candidate& best(const std::vector<Candidate>& candidates) {
  return *std::ranges::min_element(candidates, [](const Candidate& a, const Candidate& b) {
    if (rest(a) != rest(b)) return rest(a) < rest(b);
    // Of two releases of a checkpoint the later name is the newer.
    return a.pieces.size() != b.pieces.size() ? a.pieces.size() < b.pieces.size() : *a.name > *b.name;
  });
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
  std::vector<Candidate> candidates = all(names);
  NamedModel model;
  bool named = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words.unread(i) || is_filler(words[i].lowered)) continue;
    const std::string& word = words[i].lowered;
    const bool format = among(kQuantisations, word);
    if (format && !named) continue;  // "fp8 qwen3" is left to the end
    std::vector<Candidate> left = narrowed(candidates, pieces(word));
    if (left.empty() && format && model.quantization.empty()) model.quantization = word;
    if (left.empty() && !format) continue;
    if (!left.empty()) candidates = std::move(left);
    named = named || !format;
    model.words += (model.words.empty() ? "" : " ") + words.take(i, 1);
  }
  if (!named) return std::nullopt;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words.unread(i) || !among(kQuantisations, words[i].lowered)) continue;
    std::vector<Candidate> left = narrowed(candidates, pieces(words[i].lowered));
    if (left.empty())
      model.quantization = words[i].lowered;
    else
      candidates = std::move(left);
    model.words = words.take(i, 1) + ' ' + model.words;
  }
  model.name = *best(candidates).name;
  return model;
}

}  // namespace vram::options
