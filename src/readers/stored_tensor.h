// A tensor as a file of weights states it: what is stored, before anything is loaded.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "units/quantity.h"

namespace vram {

/// Element types of safetensors.
enum class StoredType : std::uint8_t {
  kBool,
  kF4,
  kF6E2m3,
  kF6E3m2,
  kU8,
  kI8,
  kF8E5m2,
  kF8E4m3,
  kF8E8m0,
  kF8E4m3Fnuz,
  kF8E5m2Fnuz,
  kI16,
  kU16,
  kF16,
  kBf16,
  kI32,
  kU32,
  kF32,
  kC64,
  kF64,
  kI64,
  kU64
};
inline constexpr std::size_t kStoredTypes = 22;

struct StoredTypeFacts {
  std::string_view name;  // as the header spells it
  std::int64_t bits;      // of one element
};

/// In the order of the enumeration.
///
///   source  safetensors 0.6 safetensors/src/tensor.rs, Dtype
inline constexpr StoredTypeFacts kStoredTypeFacts[kStoredTypes] = {
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64}};

constexpr std::string_view name(StoredType type) { return kStoredTypeFacts[std::size_t(type)].name; }
constexpr std::int64_t bits(StoredType type) { return kStoredTypeFacts[std::size_t(type)].bits; }

constexpr std::optional<StoredType> read_stored_type(std::string_view text) {
  for (std::size_t i = 0; i < kStoredTypes; ++i)
    if (kStoredTypeFacts[i].name == text) return StoredType(i);
  return std::nullopt;
}

/// Stored in full precision, so that vLLM converts it to the model's dtype as it loads it.
constexpr bool is_plain_float(StoredType type) {
  return type == StoredType::kF16 || type == StoredType::kBf16 || type == StoredType::kF32 || type == StoredType::kF64;
}

struct StoredTensor {
  static constexpr std::size_t kMostDimensions = 8;

  std::string_view name;  // of the header's text
  StoredType type = StoredType::kBf16;
  std::uint8_t dimensions = 0;
  std::array<std::int64_t, kMostDimensions> shape{};
  std::int64_t elements = 1;
  std::int64_t begin = 0;  // in the file's data
  Bytes bytes;
};

}  // namespace vram
