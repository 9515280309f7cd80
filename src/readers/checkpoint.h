// What a checkpoint stores: the tensors of all its files, by their headers, or only its size where no header is at
// hand.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "readers/safetensors.h"
#include "readers/weights_index.h"

namespace vram {

/// Views in it are of its own texts, so it moves but does not copy.
class Checkpoint {
 public:
  Checkpoint() = default;
  Checkpoint(Checkpoint&&) = default;
  Checkpoint& operator=(Checkpoint&&) = default;

  std::string origin;  // "headers of 163 files", as part of a sentence
  std::vector<SafetensorsHeader> files;
  Bytes stored;  // all tensors; without headers what the index states
  std::int64_t tensors = 0;
  std::array<Bytes, kStoredTypes> by_type{};

  /// Without headers only `stored` is known.
  [[nodiscard]] bool has_headers() const { return !files.empty(); }

  /// Reads the header of one more file.
  ///
  ///   file    the whole file's size; nothing where it is not known
  ///   errors  as read_safetensors_header and check_file_size
  std::optional<Error> add(std::string header, std::optional<Bytes> file, std::string_view place,
                           TensorPlaces places = TensorPlaces::kChecked);

  /// The headers' own texts, in order.
  [[nodiscard]] const std::deque<std::string>& texts() const { return texts_; }

 private:
  std::deque<std::string> texts_;
};

/// What the index alone tells; nothing where it has no total.
std::optional<Checkpoint> total_of(const WeightsIndex& index);

/// What a request says about a model's weights: the content of an index, a header's JSON, or a list of headers. Bytes
/// of a header's tensors are those of their shapes; "data_offsets" may be missing.
///
///   errors  kBadInput with `place`
Result<Checkpoint> read_weights_member(const json::Value& value, std::string_view place);

/// The reverse: the headers, or what an index says of their total where they are not at hand or longer than `most`
/// bytes together.
json::Value weights_member(const Checkpoint& checkpoint, std::size_t most);

/// "headers of 163 files"
std::string headers_of(std::size_t files);

}  // namespace vram
