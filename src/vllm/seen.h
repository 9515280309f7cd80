// The releases whose source was read line by line: what came or went between two of them did so on a day nobody noted.
#pragma once

#include <cstdint>

#include "vllm/release.h"

namespace vram::vllm {

enum class Read : std::uint8_t { k0_9_2, k0_10_2, k0_14_1, k0_19_0, k0_25_1, k0_28_0, k0_33_0 };
inline constexpr std::size_t kReads = 7;

/// The first and the last of them that has something.
struct Seen {
  Read first = Read::k0_9_2, last = Read::k0_33_0;
};

/// The day the release's branch left main.
constexpr Date cut(Read release) {
  constexpr Date kCuts[kReads] = {{2025, 7, 6}, {2025, 9, 12}, {2026, 1, 13}, {2026, 3, 30},
                                  {2026, 7, 5}, {2026, 8, 18}, {2026, 11, 5}};
  return kCuts[std::size_t(release)];
}

/// Whether it can be there on `day`: from after the last release read before it came until before the first read after
/// it went. Before the oldest release read and after the newest, their state holds.
constexpr bool present(const Seen& seen, Date day) {
  const auto first = std::size_t(seen.first), last = std::size_t(seen.last);
  const bool come = first == 0 || day > cut(Read(first - 1));
  const bool stays = last + 1 == kReads || day < cut(Read(last + 1));
  return come && stays;
}

/// Whether it had gone by `day`.
constexpr bool gone(const Seen& seen, Date day) {
  const auto last = std::size_t(seen.last);
  return last + 1 < kReads && day >= cut(Read(last + 1));
}

}  // namespace vram::vllm
