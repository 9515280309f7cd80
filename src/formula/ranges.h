// What each number of a formula request may be. The formula itself would take any double and answer nonsense for
// impossible ones, so every way in asks here first.
#pragma once

#include <string>
#include <string_view>

#include "units/result.h"

namespace vram::formula {

struct Range {
  std::string_view name;  // the key in JSON
  double least, most;     // both possible
  bool whole = false;
};

inline constexpr Range kParamsBillion{"params_billion", 1e-6, 1e6};
inline constexpr Range kLayers{"layers", 1, 100'000, true};
inline constexpr Range kKvHeads{"kv_heads", 1, 100'000, true};
inline constexpr Range kHeadDim{"head_dim", 1, 100'000, true};
inline constexpr Range kContextK{"context_k", 0, 1e7};
inline constexpr Range kBatch{"batch", 1, 1'000'000, true};
inline constexpr Range kOverheadGib{"overhead_gib", 0, 1e6};
inline constexpr Range kVisionGib{"vision_gib", 0, 1e6};
inline constexpr Range kFragFactor{"frag_factor", 0.1, 100};
inline constexpr Range kBytesPerParam{"bytes_per_param", 0.001, 64};
inline constexpr Range kKvBytes{"kv_bytes", 0.001, 64};
inline constexpr Range kTotalVramGib{"total_vram_gib", 0, 1e9};
inline constexpr Range kMaxContextK{"max_context_k", 0, 1e7};

/// "a whole number from 1 to 100,000"
std::string expected(const Range& range);

/// The number that all of `text` spells, when it is in `range`.
///   place   the caller's word for it: "--layers", "layers"
///   errors  kBadInput: not a number, not finite, outside the range, or a fraction where none can be
Result<double> read_number_in(const Range& range, std::string_view text, std::string_view place);

/// The same check for a number that is already one; NaN is outside of every range.
Result<double> number_in(const Range& range, double number, std::string_view place);

}  // namespace vram::formula
