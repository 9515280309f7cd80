// Sizes are typed: a token count is not a byte count, and no sum of them wraps.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <limits>

namespace vram {

__extension__ typedef __int128 Wide;

/// `exact` moved to the nearest 64-bit integer.
constexpr std::int64_t saturated(Wide exact) {
  using Range = std::numeric_limits<std::int64_t>;
  return std::int64_t(std::clamp(exact, Wide(Range::min()), Wide(Range::max())));
}

/// A count of one unit. Units never mix and two Quantities never multiply. Arithmetic saturates: a hostile
/// model becomes "too large to fit", never a small wrapped number.
template <class Unit>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(std::int64_t count) : count_(count) {}
  [[nodiscard]] constexpr std::int64_t count() const { return count_; }

  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return fit(Wide(a.count_) + b.count_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return fit(Wide(a.count_) - b.count_); }
  friend constexpr Quantity operator*(Quantity a, std::int64_t n) { return fit(Wide(a.count_) * n); }
  constexpr Quantity& operator+=(Quantity other) { return *this = *this + other; }
  constexpr Quantity& operator-=(Quantity other) { return *this = *this - other; }

  /// How many whole `part`s fit; `part` > 0.
  friend constexpr std::int64_t operator/(Quantity whole, Quantity part) { return whole.count_ / part.count_; }

 private:
  static constexpr Quantity fit(Wide exact) { return Quantity(saturated(exact)); }
  std::int64_t count_ = 0;
};

using Bytes = Quantity<struct BytesUnit>;
using Tokens = Quantity<struct TokensUnit>;
using Blocks = Quantity<struct BlocksUnit>;

inline constexpr std::int64_t kGiB = std::int64_t{1} << 30;
inline constexpr std::int64_t kMiB = std::int64_t{1} << 20;

/// For printing and for ratios only; sizes stay whole bytes.
constexpr double gib(Bytes bytes) { return double(bytes.count()) / double(kGiB); }

/// a / b rounded up; a >= 0, b > 0.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0); }

/// `a` rounded up to a multiple of `b`; a >= 0, b > 0.
constexpr std::int64_t round_up(std::int64_t a, std::int64_t b) { return saturated(Wide(ceil_div(a, b)) * b); }

/// Blocks needed to hold `tokens`; a part-filled block counts as one.
constexpr Blocks blocks_for(Tokens tokens, Tokens block) { return Blocks(ceil_div(tokens.count(), block.count())); }

}  // namespace vram
