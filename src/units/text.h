// Numbers and sizes as people and vLLM write them, and names as people misspell them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "units/decimal.h"
#include "units/quantity.h"
#include "units/result.h"

namespace vram {

/// 1234567 -> "1,234,567", as Python's `{:,}`.
std::string with_commas(std::int64_t number);

/// ASCII only; other bytes stay.
std::string lower(std::string_view text);

/// A finite decimal number that spans all of `text`; nothing else (no "nan", "inf", hexadecimal or blanks).
std::optional<double> read_number(std::string_view text);
std::optional<std::int64_t> read_integer(std::string_view text);

/// Whole units as vLLM's own arguments read them: "32k" = 32000, "32K" = 32768, "25.6k" = 25600, "1M" = 2^20, "auto" is
/// the caller's.
///   errors  kBadInput with `place`
///   source  vllm/engine/arg_utils.py, human_readable_int
Result<std::int64_t> read_count(std::string_view text, std::string_view place);

/// Bytes as people write them: "40GiB", "80GB" (10^9), "512MiB", "1.5TiB", a bare number of bytes.
Result<Bytes> read_bytes(std::string_view text, std::string_view place);

/// The candidate nearest to `name` by edit distance, unless all are far (more than a third of its letters).
std::optional<std::string_view> nearest(std::string_view name, std::span<const std::string_view> candidates);

/// "a, b or c"
std::string one_of(std::span<const std::string_view> words);

}  // namespace vram
