// The header of a .safetensors file: names, types, shapes and places of its tensors. The tensors are never read.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "readers/stored_tensor.h"
#include "units/result.h"

namespace vram {

/// The format's own limit.
///
///   source  safetensors 0.6 safetensors/src/tensor.rs, MAX_HEADER_SIZE
inline constexpr Bytes kMostSafetensorsHeader(100'000'000);
inline constexpr std::size_t kSafetensorsPrefix = 8;

struct SafetensorsHeader {
  std::vector<StoredTensor> tensors;  // in the header's order; names are views of the text it was read from
  std::vector<std::pair<std::string, std::string>> metadata;
  Bytes data;                         // of all tensors: the file is prefix, header and this
  std::deque<std::string> unescaped;  // names with escapes
};

/// How long the header is, from the first eight bytes of the file.
///
///   file    the whole file's size; nothing where it is not known
///   errors  kBadInput where the file is cut short or no safetensors, kTooLarge over the limit; each with `place`
///   source  safetensors README, "Format": u64 little-endian length, then that much JSON
Result<Bytes> safetensors_header_length(std::span<const unsigned char> prefix, std::optional<Bytes> file,
                                        std::string_view place);

/// Whether data_offsets matter. They need not be there in a header that somebody put together from several.
enum class TensorPlaces : std::uint8_t { kChecked, kIgnored };

/// Reads the header's JSON. `text` must outlive the answer.
///
///   errors  kBadInput with `place` and the tensor: not JSON, a type that is unknown, bytes that are not those of the
///           shape, that overlap others or leave a gap, a name that stands twice
///   source  safetensors 0.6 safetensors/src/tensor.rs, Metadata::validate
Result<SafetensorsHeader> read_safetensors_header(std::string_view text, std::string_view place,
                                                  TensorPlaces places = TensorPlaces::kChecked);

/// Refuses a file that is shorter or longer than its header says.
std::optional<Error> check_file_size(const SafetensorsHeader& header, Bytes header_length, Bytes file,
                                     std::string_view place);

}  // namespace vram
