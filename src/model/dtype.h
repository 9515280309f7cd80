// Element types as torch names them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace vram {

enum class Dtype : std::uint8_t {
  kFloat32,
  kBfloat16,
  kFloat16,
  kFloat8E4m3,
  kFloat8E8m0,
  kInt64,
  kInt32,
  kInt8,
  kUint8,
  kBool,
  kComplex64
};
inline constexpr std::size_t kDtypes = 11;

/// Bytes of one element.
constexpr std::int64_t width(Dtype dtype) {
  constexpr std::int64_t kWidths[kDtypes] = {4, 2, 2, 1, 1, 8, 4, 1, 1, 1, 8};
  return kWidths[std::size_t(dtype)];
}

/// torch's name without its prefix: "bfloat16".
constexpr std::string_view name(Dtype dtype) {
  constexpr std::string_view kNames[kDtypes] = {"float32",        "bfloat16", "float16",  "float8_e4m3fn",
                                                "float8_e8m0fnu", "int64",    "int32",    "int8",
                                                "uint8",          "bool",     "complex64"};
  return kNames[std::size_t(dtype)];
}

/// Reads "bfloat16", "torch.bfloat16", "half", "float", ….
constexpr std::optional<Dtype> read_dtype(std::string_view text) {
  if (text.starts_with("torch.")) text.remove_prefix(6);
  if (text == "half") return Dtype::kFloat16;
  if (text == "float") return Dtype::kFloat32;
  for (std::size_t i = 0; i < kDtypes; ++i)
    if (name(Dtype(i)) == text) return Dtype(i);
  return std::nullopt;
}

}  // namespace vram
