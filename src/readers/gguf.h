// GGUF, llama.cpp's file format: metadata and the table of tensors in front, the tensors behind. The tensors themselves
// are never read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "readers/gguf_types.h"
#include "units/quantity.h"
#include "units/result.h"

namespace vram::gguf {

struct Tensor {
  std::string name;                     // "blk.0.attn_k.weight"
  int dimensions = 1;                   // 0 to 4
  std::array<std::int64_t, 4> shape{};  // fastest first; 1 beyond the dimensions
  const Type* type = nullptr;
  Bytes offset;  // from the file's begin
  Bytes bytes;   // without the padding behind it
  int part = 0;  // of a split model: which file
  [[nodiscard]] std::int64_t elements() const { return shape[0] * shape[1] * shape[2] * shape[3]; }
};

/// A value of the metadata. Of a list, the items are kept where they are numbers or truths and at most kMostItems.
struct Field {
  std::string key;
  json::Value value;
  std::optional<std::uint64_t> length;  // of a list
};
inline constexpr std::size_t kMostItems = 4096;

struct File {
  int version = 3;
  bool big_endian = false;
  Bytes alignment{32};
  Bytes data_begin;  // where the tensors begin
  Bytes size;        // of the file; of a split model all of them
  std::vector<Field> fields;
  std::vector<Tensor> tensors;

  [[nodiscard]] const Field* find(std::string_view key) const;
  /// Whole numbers, also where a list holds the same one throughout.
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key) const;  // empty where there is none
  [[nodiscard]] const Tensor* tensor(std::string_view name) const;
};

/// Whether `front` begins as a GGUF file does.
bool looks_like(std::span<const std::byte> front);

/// The file whose first bytes are `front`.
///
///   size    of the whole file
///   answer  nothing where `front` ends before the table does, and the file does not: read more of it
///   errors  kBadInput: no GGUF file, cut short, or a value that contradicts the format; kTooLarge over the limits;
///           kUnsupported: a version or an element type that llama.cpp does not read
///   source  llama.cpp 0c1e57098b (2026-10-01), ggml/src/gguf.cpp; docs/gguf.md of ggml
Result<std::optional<File>> read_gguf(std::span<const std::byte> front, Bytes size, const std::string& place);

/// The parts of a split model as one: the metadata of the first, the tensors of all.
///
///   parts   in order
///   errors  kBadInput where they do not belong together: another count, another order, fewer tensors than stated
///   source  the same, src/llama-model-loader.cpp: split.count, split.no, split.tensors.count
Result<File> joined(std::vector<File> parts, const std::string& place);

/// "name-00001-of-00003.gguf" -> the names of all three, and nothing for another name.
std::vector<std::string> part_names(std::string_view name);

}  // namespace vram::gguf
