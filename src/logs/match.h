// A line against a wording: fixed words with numbers between them. Linear in the line for every wording we have, which
// a regular expression's library does not promise.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace vram::logs {

struct Match {
  std::size_t at = 0;           // where in the text it begins
  std::vector<double> numbers;  // a {size} is in GiB
};

/// Where `words` (as Wording has them) are first found in `text`; they begin with fixed text. Numbers beyond 10^15 are
/// none.
std::optional<Match> match(std::string_view text, std::string_view words);

}  // namespace vram::logs
