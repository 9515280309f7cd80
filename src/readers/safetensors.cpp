#include "readers/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "readers/json_cursor.h"
#include "units/text.h"

namespace vram {
namespace {

using readers::JsonCursor;
using readers::shown;

Error bad(std::string_view place, std::string problem, std::string hint = "") {
  return {ErrorCode::kBadInput, std::string(place), std::move(problem), std::move(hint)};
}

std::string count(Bytes bytes) { return with_commas(bytes.count()) + " bytes"; }

/// Mixes eight bytes at a time: names differ in a few of their many characters.
std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = name.size() * 0x9e3779b97f4a7c15;
  while (!name.empty()) {
    std::uint64_t word = 0;
    const std::size_t taken = std::min(name.size(), sizeof word);
    std::memcpy(&word, name.data(), taken);
    hash = (hash ^ word) * 0xbf58476d1ce4e5b9;
    hash ^= hash >> 29;
    name.remove_prefix(taken);
  }
  return hash;
}

std::optional<std::string_view> repeated_when_sorted(const std::vector<StoredTensor>& tensors) {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const StoredTensor& tensor : tensors) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  return twice == names.end() ? std::nullopt : std::optional(*twice);
}

/// A name that two tensors have. A hostile header can make all of them fall into one place of the table: after more
/// steps than chance explains they are sorted instead.
std::optional<std::string_view> repeated_name(const std::vector<StoredTensor>& tensors) {
  struct Slot {
    std::uint32_t hash = 0, number = 0;  // the tensor's place, from 1
  };
  std::vector<Slot> table(std::bit_ceil(2 * tensors.size() + 1));
  const std::size_t mask = table.size() - 1;
  std::size_t steps_left = 16 * tensors.size();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::uint64_t hash = hash_of(tensors[i].name);
    const auto part = std::uint32_t(hash >> 32);
    std::size_t at = hash & mask;
    for (; table[at].number != 0; at = (at + 1) & mask) {
      if (table[at].hash == part && tensors[table[at].number - 1].name == tensors[i].name) return tensors[i].name;
      if (steps_left-- == 0) return repeated_when_sorted(tensors);
    }
    table[at] = {part, std::uint32_t(i + 1)};
  }
  return std::nullopt;
}

class Scan {
 public:
  Scan(std::string_view text, std::string_view place, TensorPlaces places)
      : place_(place), checked_(places == TensorPlaces::kChecked), cursor_(text, header_.unescaped) {
    // A tensor takes some hundred characters; hostile headers that take fewer grow the list as they go.
    header_.tensors.reserve(text.size() / 100 + 1);
  }

  Result<SafetensorsHeader> run() {
    const bool read = cursor_.members([&](std::string_view name) {
      if (name == "__metadata__") return read_metadata();
      return read_tensor(name);
    });
    if (cursor_.failed()) return bad(place_, cursor_.problem(), "is it a complete .safetensors file?");
    if (!read || error_) return error_.value_or(bad(place_, "it is not valid JSON"));
    if (!cursor_.finished()) return bad(place_, "something follows the end of its header");
    if (checked_)
      if (auto error = place_bytes()) return *std::move(error);
    if (const auto twice = repeated_name(header_.tensors))
      return bad(place_, "the tensor " + shown(*twice) + " stands twice in it");
    return std::move(header_);
  }

 private:
  bool refuse(std::string_view name, std::string problem) {
    error_ = bad(place_, "tensor " + shown(name) + ": " + std::move(problem));
    return false;
  }

  bool read_metadata() {
    return cursor_.members([&](std::string_view key) {
      const auto value = cursor_.string();
      if (value) header_.metadata.emplace_back(key, *value);
      return value.has_value();
    });
  }

  bool read_tensor(std::string_view name) {
    StoredTensor tensor;
    tensor.name = name;
    bool has_type = false, has_shape = false, has_offsets = false;
    const bool read = cursor_.members([&](std::string_view key) {
      if (key == "dtype") return !std::exchange(has_type, true) ? read_type(tensor) : refuse(name, "two dtypes");
      if (key == "shape") return !std::exchange(has_shape, true) ? read_shape(tensor) : refuse(name, "two shapes");
      if (key == "data_offsets")
        return !std::exchange(has_offsets, true) ? read_offsets(tensor) : refuse(name, "two data_offsets");
      return cursor_.skip();
    });
    if (!read) return false;
    if (!has_type || !has_shape || (checked_ && !has_offsets))
      return refuse(name, std::string("its ") +
                              (!has_type    ? "dtype"
                               : !has_shape ? "shape"
                                            : "data_offsets") +
                              " is missing");
    const Wide stored = Wide(tensor.elements) * bits(tensor.type);
    if (!checked_) tensor.bytes = Bytes(saturated(stored / 8));
    if (stored % 8 != 0 || stored / 8 != tensor.bytes.count())
      return refuse(name, "its shape and dtype make " + with_commas(saturated(stored / 8)) +
                              " bytes, its data_offsets " + with_commas(tensor.bytes.count()));
    header_.tensors.push_back(tensor);
    return true;
  }

  bool read_type(StoredTensor& tensor) {
    const auto text = cursor_.string();
    if (!text) return false;
    const auto type = read_stored_type(*text);
    if (!type) return refuse(tensor.name, "the dtype " + shown(*text) + " is not known");
    tensor.type = *type;
    return true;
  }

  bool read_shape(StoredTensor& tensor) {
    if (!cursor_.expect('[')) return false;
    if (cursor_.eat(']')) return true;
    do {
      const auto size = cursor_.whole();
      if (!size) return false;
      if (tensor.dimensions == StoredTensor::kMostDimensions)
        return refuse(tensor.name, "its shape has more than 8 dimensions");
      tensor.shape[tensor.dimensions++] = *size;
      if (__builtin_mul_overflow(tensor.elements, *size, &tensor.elements))
        return refuse(tensor.name, "its shape has more elements than 64 bits count");
    } while (cursor_.eat(','));
    return cursor_.expect(']');
  }

  bool read_offsets(StoredTensor& tensor) {
    if (!cursor_.expect('[')) return false;
    const auto begin = cursor_.whole();
    if (!begin || !cursor_.expect(',')) return false;
    const auto end = cursor_.whole();
    if (!end || !cursor_.expect(']')) return false;
    if (*end < *begin) return refuse(tensor.name, "its data_offsets end before they begin");
    tensor.begin = *begin;
    tensor.bytes = Bytes(*end - *begin);
    return true;
  }

  /// Laid end to end, tensors cover all the data once.
  std::optional<Error> place_bytes() {
    const auto before = [](const StoredTensor* a, const StoredTensor* b) {
      return a->begin != b->begin ? a->begin < b->begin : a->bytes < b->bytes;
    };
    std::vector<const StoredTensor*> order;
    order.reserve(header_.tensors.size());
    for (const StoredTensor& tensor : header_.tensors) order.push_back(&tensor);
    if (!std::is_sorted(order.begin(), order.end(), before)) std::sort(order.begin(), order.end(), before);
    std::int64_t reached = 0;
    for (const StoredTensor* tensor : order) {
      if (tensor->begin != reached)
        return bad(place_, "tensor " + shown(tensor->name) + ": its bytes begin at " + with_commas(tensor->begin) +
                               ", where those before it end at " + with_commas(reached));
      reached += tensor->bytes.count();
    }
    header_.data = Bytes(reached);
    return std::nullopt;
  }

  std::string_view place_;
  bool checked_;
  SafetensorsHeader header_;
  JsonCursor cursor_;
  std::optional<Error> error_;
};

}  // namespace

Result<Bytes> safetensors_header_length(std::span<const unsigned char> prefix, std::optional<Bytes> file,
                                        std::string_view place) {
  if (prefix.size() < kSafetensorsPrefix)
    return bad(place, "it ends before the length of its header", "is the download complete?");
  if (std::string_view(reinterpret_cast<const char*>(prefix.data()), 7) == "version")
    return bad(place, "it is a pointer of Git LFS, not the file itself", "fetch it with `git lfs pull`");
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < kSafetensorsPrefix; ++i) length |= std::uint64_t(prefix[i]) << (8 * i);
  if (length > std::uint64_t(kMostSafetensorsHeader.count()))
    return Error{ErrorCode::kTooLarge, std::string(place),
                 "its header would have " + with_commas(saturated(Wide(length))) + " bytes, more than the format's " +
                     with_commas(kMostSafetensorsHeader.count()),
                 "is it a .safetensors file?"};
  if (length < 2) return bad(place, "its header is empty", "is it a .safetensors file?");
  if (file && Bytes(std::int64_t(length)) > *file - Bytes(kSafetensorsPrefix))
    return bad(place, "it ends inside its header: " + count(*file), "is the download complete?");
  return Bytes(std::int64_t(length));
}

Result<SafetensorsHeader> read_safetensors_header(std::string_view text, std::string_view place, TensorPlaces places) {
  return Scan(text, place, places).run();
}

std::optional<Error> check_file_size(const SafetensorsHeader& header, Bytes header_length, Bytes file,
                                     std::string_view place) {
  const Bytes stated = Bytes(kSafetensorsPrefix) + header_length + header.data;
  if (file == stated) return std::nullopt;
  if (file < stated)
    return bad(place, "it ends too early: " + count(file) + " of " + count(stated), "is the download complete?");
  return bad(place, "it goes on behind its last tensor: " + count(file) + " instead of " + count(stated));
}

}  // namespace vram
