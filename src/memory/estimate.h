// A number that vLLM finds only by running, and how well it is known.
#pragma once

#include "units/quantity.h"

namespace vram::memory {

/// `low` to `high` holds the truth in nine of ten start-ups.
struct Estimate {
  Bytes bytes;
  Bytes low, high;

  /// `bytes` with a half-width of `share` of it, at least `least`.
  static constexpr Estimate about(Bytes bytes, double share, Bytes least) {
    const Bytes half = std::max(Bytes(std::int64_t(double(bytes.count()) * share)), least);
    return {bytes, std::max(bytes - half, Bytes(0)), bytes + half};
  }
};

}  // namespace vram::memory
