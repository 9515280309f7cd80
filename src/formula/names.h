// The names that the existing tool knows, and what each counts. They are its own and deliberately few: exact storage
// formats are the business of vLLM mode.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vram::formula {

struct NamedWidth {
  std::string_view name;
  double bytes;  // of one parameter, or of one element of the KV cache
};

/// Weights; a name that is not here counts kUnknownQuantBytes.
std::span<const NamedWidth> quants();
inline constexpr double kUnknownQuantBytes = 1.0;

/// KV cache elements; a name that is not here counts kUnknownKvBytes.
std::span<const NamedWidth> kv_dtypes();
inline constexpr double kUnknownKvBytes = 2.0;

/// The width under that name, whatever its case; nothing for an unknown one.
std::optional<double> width_of(std::string_view name, std::span<const NamedWidth> known);

/// "fp16, bf16, fp8"
std::string listed(std::span<const NamedWidth> known);

}  // namespace vram::formula
