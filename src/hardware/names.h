// GPU names as people and drivers write them: "4090", "NVIDIA GeForce RTX 4090", "2xH100", "H100-SXM-80GBx2".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vram::hardware {

/// What is left of a name when case, separators and words that tell no two GPUs apart are gone. The size stands beside
/// the rest, because people leave it out, put it last or put it in the middle.
struct Name {
  std::string key;  // "a100sxm"
  std::optional<int> gigabytes;
  friend bool operator==(const Name&, const Name&) = default;
};

/// Brands, "Graphics", memory technologies and the like are dropped, "SXM4" reads as "SXM", and "80GB", "80 GB" and
/// "80G" are the size.
Name read_name(std::string_view text);

/// The same with a bare number at the end read as the size ("A100-40"), where there is one and the name is more than
/// it.
std::optional<Name> read_name_with_bare_size(std::string_view text);

/// One way to read a name and how many of it there are.
struct Reading {
  std::string name;
  std::int64_t count = 1;
};

/// Every way to read `text`, the most literal first: all of it as a name ("RTX 3080 12GB"), then with a count before
/// ("2x", "2 x", "2×", "2*", "2 ") or behind ("x2", "×2", "*2", ":2"); then the same without a remark in brackets.
std::vector<Reading> readings(std::string_view text);

}  // namespace vram::hardware
