// The element types that a GGUF file may hold, with what a block of each takes.
#pragma once

#include <cstdint>
#include <string_view>

#include "units/quantity.h"

namespace vram::gguf {

/// A row is made of whole blocks of `block` elements, `bytes` each.
struct Type {
  std::uint32_t id;       // ggml's
  std::string_view name;  // "q4_K", as ggml writes it
  int block, bytes;
};

/// Nothing for an id that ggml has not, or no longer has.
///   source  llama.cpp 0c1e57098b (2026-10-01), ggml/include/ggml.h and ggml/src/ggml-common.h
const Type* find_type(std::uint32_t id);
/// The same by name, whatever the case: "Q8_0".
const Type* find_type(std::string_view name);

/// Bytes of `elements`, a whole number of blocks.
constexpr Bytes size_of(const Type& type, std::int64_t elements) { return Bytes(type.bytes) * (elements / type.block); }

}  // namespace vram::gguf
