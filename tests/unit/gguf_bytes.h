// GGUF files written by hand, for tests that need one wrong in a certain place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vram::gguf {

/// Appends little-endian numbers and strings with their length in front.
class Bytewise {
 public:
  Bytewise& raw(std::string_view text) { return text_ += text, *this; }
  Bytewise& u32(std::uint32_t value) { return number(value, 4); }
  Bytewise& u64(std::uint64_t value) { return number(value, 8); }
  Bytewise& string(std::string_view text) { return u64(text.size()).raw(text); }
  Bytewise& text_field(std::string_view key, std::string_view value) { return string(key).u32(8).string(value); }
  Bytewise& u32_field(std::string_view key, std::uint32_t value) { return string(key).u32(4).u32(value); }
  Bytewise& tensor(std::string_view name, std::initializer_list<std::uint64_t> shape, std::uint32_t type,
                   std::uint64_t offset) {
    string(name).u32(std::uint32_t(shape.size()));
    for (const std::uint64_t length : shape) u64(length);
    return u32(type).u64(offset);
  }
  Bytewise& pad_to(std::size_t alignment) {
    while (text_.size() % alignment) text_ += '\0';
    return *this;
  }
  Bytewise& zeros(std::size_t count) { return text_.append(count, '\0'), *this; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span(text_)); }

 private:
  Bytewise& number(std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) text_ += char(value >> (8 * i) & 0xFF);
    return *this;
  }
  std::string text_;
};

/// "GGUF", a version, and how many tensors and fields follow.
inline Bytewise head(std::uint64_t tensors, std::uint64_t fields, std::uint32_t version = 3) {
  return Bytewise().raw("GGUF").u32(version).u64(tensors).u64(fields);
}

/// A whole small file with every kind of thing in it.
inline Bytewise sample() {
  return head(2, 4)
      .text_field("general.architecture", "llama")
      .u32_field("general.alignment", 64)
      .string("tokens")
      .u32(9)
      .u32(8)
      .u64(2)
      .string("a")
      .string("bc")
      .string("heads")
      .u32(9)
      .u32(4)
      .u64(2)
      .u32(7)
      .u32(7)
      .tensor("token_embd.weight", {256, 3}, 12, 0)
      .tensor("norm.weight", {256}, 0, 448)
      .pad_to(64)
      .zeros(432)
      .pad_to(64)
      .zeros(1024);
}

}  // namespace vram::gguf
