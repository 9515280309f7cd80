#include "readers/gguf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_set>

#include "units/text.h"

namespace vram::gguf {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint64_t kMostFields = 1 << 16, kMostTensors = 1 << 20;
constexpr std::uint64_t kMostName = 64 << 10;  // of keys and tensor names
constexpr std::uint64_t kMostKept = 1 << 20;   // of a string's bytes
constexpr int kMostDimensions = 4, kMostNesting = 4;

enum class Kind : std::uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kString, kArray, kU64, kI64, kF64 };

/// Bytes of a number; 0 for a string, an array and what is unknown.
std::size_t width_of(Kind kind) {
  switch (kind) {
    case Kind::kU8:
    case Kind::kI8:
    case Kind::kBool:
      return 1;
    case Kind::kU16:
    case Kind::kI16:
      return 2;
    case Kind::kU32:
    case Kind::kI32:
    case Kind::kF32:
      return 4;
    case Kind::kU64:
    case Kind::kI64:
    case Kind::kF64:
      return 8;
    case Kind::kString:
    case Kind::kArray:
      return 0;
  }
  return 0;
}

json::Value whole(std::int64_t value) { return json::Value(value); }

/// A number whose bytes are `bits`, of `kind`.
json::Value number(Kind kind, std::uint64_t bits) {
  switch (kind) {
    case Kind::kU8:
    case Kind::kU16:
    case Kind::kU32:
      return whole(std::int64_t(bits));
    case Kind::kU64:
      return bits >> 63 ? json::Value(double(bits)) : whole(std::int64_t(bits));
    case Kind::kI8:
      return whole(std::int8_t(bits));
    case Kind::kI16:
      return whole(std::int16_t(bits));
    case Kind::kI32:
      return whole(std::int32_t(bits));
    case Kind::kI64:
      return whole(std::int64_t(bits));
    case Kind::kF32:
      return json::Value(double(std::bit_cast<float>(std::uint32_t(bits))));
    case Kind::kF64:
      return json::Value(std::bit_cast<double>(bits));
    case Kind::kBool:
      return json::Value(bits != 0);
    case Kind::kString:
    case Kind::kArray:
      return {};
  }
  return {};
}

/// Reads front to back. What cannot be read leaves a problem, or, where the file goes on behind `front`, `more`.
class Reader {
 public:
  Reader(std::span<const std::byte> front, Bytes size, const std::string& place)
      : front_(front), size_(std::uint64_t(size.count())), place_(place) {}

  Result<std::optional<File>> read() {
    read_head();
    for (std::uint64_t i = 0; good() && i < fields_; ++i) read_field();
    if (good()) read_alignment();
    for (std::uint64_t i = 0; good() && i < tensors_; ++i) read_tensor();
    if (good()) place_tensors();
    if (error_) return *std::move(error_);
    if (more_) return std::optional<File>();
    return std::optional(std::move(file_));
  }

 private:
  [[nodiscard]] bool good() const { return !error_ && !more_; }

  void fail(std::string problem, ErrorCode code = ErrorCode::kBadInput, std::string hint = "") {
    if (good()) error_ = Error{code, place_, std::move(problem), std::move(hint)};
  }

  /// `count` bytes from here; none where that is past the end.
  std::span<const std::byte> take(std::uint64_t count) {
    if (!good()) return {};
    if (count > size_ - at_) {
      fail("the file ends inside its header", ErrorCode::kBadInput, "is the download complete?");
      return {};
    }
    if (count > front_.size() - at_) {
      more_ = true;
      return {};
    }
    const auto taken = front_.subspan(at_, std::size_t(count));
    at_ += std::size_t(count);
    return taken;
  }

  std::uint64_t bits(std::size_t width) {
    const auto bytes = take(width);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const std::size_t shift = file_.big_endian ? width - 1 - i : i;
      value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * shift);
    }
    return value;
  }

  std::string string(std::uint64_t most, const char* what) {
    const std::uint64_t length = bits(8);
    if (good() && length > most)
      fail(std::string(what) + " has " + std::to_string(length) + " bytes", ErrorCode::kTooLarge);
    const auto bytes = take(good() ? length : 0);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  void read_head() {
    if (!looks_like(front_)) {
      if (front_.size() < kMagic.size() && front_.size() < size_) more_ = true;
      return fail("it is no GGUF file");
    }
    take(kMagic.size());
    std::uint64_t version = bits(4);
    // A version written in the other order has its low half empty.
    if (good() && version != 0 && (version & 0xFFFF) == 0) {
      file_.big_endian = true;
      at_ -= 4;
      version = bits(4);
    }
    if (good() && version != 2 && version != 3)
      fail("it is of GGUF version " + std::to_string(version), ErrorCode::kUnsupported, "versions 2 and 3 are read");
    file_.version = int(version);
    tensors_ = bits(8);
    fields_ = bits(8);
    if (good() && tensors_ > kMostTensors)
      fail("it has " + std::to_string(tensors_) + " tensors", ErrorCode::kTooLarge);
    if (good() && fields_ > kMostFields) fail("it has " + std::to_string(fields_) + " keys", ErrorCode::kTooLarge);
  }

  void read_field() {
    Field field;
    field.key = string(kMostName, "a key");
    if (good() && (field.key.empty() || !keys_.insert(field.key).second))
      return fail(field.key.empty() ? "a key is empty" : "the key \"" + field.key + "\" stands twice");
    key_ = field.key;
    const Kind kind = read_kind();
    if (!good()) return;
    if (kind == Kind::kArray)
      read_array(field);
    else if (kind == Kind::kString)
      field.value = json::Value(read_text());
    else
      field.value = number(kind, bits(width_of(kind)));
    file_.fields.push_back(std::move(field));
  }

  Kind read_kind() {
    const std::uint64_t kind = bits(4);
    if (good() && kind > std::uint64_t(Kind::kF64))
      fail("\"" + key_ + "\" is of the unknown type " + std::to_string(kind));
    return good() ? Kind(std::uint32_t(kind)) : Kind::kU8;
  }

  /// A string, of which the front is kept when it is long.
  std::string read_text() {
    const std::uint64_t length = bits(8);
    const auto bytes = take(good() ? length : 0).first(good() ? std::size_t(std::min(length, kMostKept)) : 0);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  void read_array(Field& field) {
    const Kind kind = read_kind();
    const std::uint64_t length = bits(8);
    if (!good()) return;
    field.length = length;
    if (const std::size_t width = width_of(kind); width > 0 && length <= kMostItems) {
      json::Array items;
      for (std::uint64_t i = 0; good() && i < length; ++i) items.push_back(number(kind, bits(width)));
      field.value = json::Value(std::move(items));
    } else {
      skip_items(kind, length, kMostNesting);
    }
  }

  void skip_items(Kind kind, std::uint64_t length, int deeper) {
    if (const std::size_t width = width_of(kind)) {
      if (length > size_ / width) return fail("\"" + key_ + "\" is longer than the file");
      take(length * width);
      return;
    }
    if (kind == Kind::kArray && deeper == 0) return fail("\"" + key_ + "\" is nested too deep", ErrorCode::kTooLarge);
    for (std::uint64_t i = 0; good() && i < length; ++i) {
      if (kind == Kind::kString) {
        const std::uint64_t bytes = bits(8);
        take(bytes);
        continue;
      }
      const Kind inner = read_kind();
      const std::uint64_t count = bits(8);
      if (good()) skip_items(inner, count, deeper - 1);
    }
  }

  void read_alignment() {
    const auto alignment = file_.integer("general.alignment");
    if (!file_.find("general.alignment")) return;
    if (!alignment || *alignment <= 0 || *alignment > kMiB || !std::has_single_bit(std::uint64_t(*alignment)))
      return fail("\"general.alignment\" is no power of 2");
    file_.alignment = Bytes(*alignment);
  }

  void read_tensor() {
    Tensor tensor;
    tensor.name = string(kMostName, "a tensor's name");
    const std::string called = "tensor \"" + tensor.name.substr(0, 80) + '"';
    if (good() && !names_.insert(tensor.name).second) return fail(called + " stands twice");
    const std::uint64_t dimensions = bits(4);
    if (good() && dimensions > kMostDimensions)
      return fail(called + " has " + std::to_string(dimensions) + " dimensions, at most 4 are possible");
    tensor.shape.fill(1);
    Wide elements = 1;
    for (std::size_t i = 0; good() && i < dimensions; ++i) {
      const std::uint64_t length = bits(8);
      elements = length >> 62 ? Wide(1) << 100 : elements * Wide(length);
      if (good() && elements > Wide(1) << 62) return fail(called + " is larger than any file");
      tensor.shape[i] = std::int64_t(length);
    }
    const std::uint64_t type = bits(4), offset = bits(8);
    if (!good()) return;
    tensor.dimensions = int(dimensions);
    tensor.type = find_type(std::uint32_t(type));
    if (!tensor.type)
      return fail(called + " is of the element type " + std::to_string(type), ErrorCode::kUnsupported,
                  "llama.cpp has none of that number, or no longer");
    if (tensor.shape[0] % tensor.type->block != 0)
      return fail(called + " has rows of " + std::to_string(tensor.shape[0]) + ", which " +
                  std::string(tensor.type->name) + " keeps in blocks of " + std::to_string(tensor.type->block));
    tensor.bytes = size_of(*tensor.type, std::int64_t(elements));
    if (offset > std::uint64_t(1) << 62) return fail(called + " begins behind the file");
    tensor.offset = Bytes(std::int64_t(offset));
    file_.tensors.push_back(std::move(tensor));
  }

  /// Offsets count from where the tensors begin, which is known once all are read.
  void place_tensors() {
    file_.size = Bytes(std::int64_t(size_));
    file_.data_begin = Bytes(round_up(std::int64_t(at_), file_.alignment.count()));
    for (Tensor& tensor : file_.tensors) {
      const std::string called = "tensor \"" + tensor.name.substr(0, 80) + '"';
      if (tensor.offset.count() % file_.alignment.count() != 0) return fail(called + " is not aligned");
      tensor.offset = tensor.offset + file_.data_begin;
      if (tensor.offset > file_.size || tensor.bytes > file_.size - tensor.offset)
        return fail(called + " ends behind the file", ErrorCode::kBadInput, "is the download complete?");
    }
  }

  std::span<const std::byte> front_;
  std::uint64_t size_;
  const std::string& place_;
  std::size_t at_ = 0;
  bool more_ = false;
  std::optional<Error> error_;
  std::uint64_t tensors_ = 0, fields_ = 0;
  std::string key_;
  std::unordered_set<std::string> keys_, names_;
  File file_;
};

}  // namespace

const Field* File::find(std::string_view key) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.key == key; });
  return found == fields.end() ? nullptr : &*found;
}

std::optional<std::int64_t> File::integer(std::string_view key) const {
  const Field* field = find(key);
  if (!field) return std::nullopt;
  const std::int64_t* number = field->value.integer();
  if (const json::Array* items = field->value.array(); items && !items->empty()) {
    number = items->front().integer();
    for (const json::Value& item : *items)
      if (!(item == items->front())) return std::nullopt;
  }
  return number ? std::optional(*number) : std::nullopt;
}

std::string File::text(std::string_view key) const {
  const Field* field = find(key);
  return field && field->value.string() ? *field->value.string() : std::string();
}

const Tensor* File::tensor(std::string_view name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const Tensor& each) { return each.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

bool looks_like(std::span<const std::byte> front) {
  return front.size() >= kMagic.size() && std::memcmp(front.data(), kMagic.data(), kMagic.size()) == 0;
}

Result<std::optional<File>> read_gguf(std::span<const std::byte> front, Bytes size, const std::string& place) {
  return Reader(front, size, place).read();
}

Result<File> joined(std::vector<File> parts, const std::string& place) {
  const auto bad = [&](std::string problem) {
    return Error{ErrorCode::kBadInput, place, std::move(problem), "are all parts of one model?"};
  };
  File whole = std::move(parts.front());
  std::unordered_set<std::string> names;
  for (const Tensor& tensor : whole.tensors) names.insert(tensor.name);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto number = parts[i].integer("split.no"), count = parts[i].integer("split.count");
    if (number != std::int64_t(i) || count != std::int64_t(parts.size()))
      return bad("part " + std::to_string(i + 1) + " says that it is another one");
    for (Tensor& tensor : parts[i].tensors) {
      if (!names.insert(tensor.name).second) return bad("tensor \"" + tensor.name + "\" is in two parts");
      tensor.part = int(i);
      whole.tensors.push_back(std::move(tensor));
    }
    whole.size = whole.size + parts[i].size;
  }
  const auto count = whole.integer("split.count").value_or(std::int64_t(parts.size()));
  if (count != std::int64_t(parts.size()))
    return bad("it is one of " + std::to_string(count) + " parts, " + std::to_string(parts.size()) + " are here");
  const auto stated = whole.integer("split.tensors.count");
  if (stated && *stated != std::int64_t(whole.tensors.size()))
    return bad("its parts hold " + std::to_string(whole.tensors.size()) + " tensors of " + std::to_string(*stated));
  return whole;
}

std::vector<std::string> part_names(std::string_view name) {
  static constexpr std::string_view kEnd = ".gguf", kOf = "-of-";
  static constexpr std::size_t kDigits = 5, kTail = 1 + kDigits + kOf.size() + kDigits + kEnd.size();
  if (name.size() <= kTail || !name.ends_with(kEnd)) return {};
  const std::string_view tail = name.substr(name.size() - kTail), stem = name.substr(0, name.size() - kTail);
  const auto count = read_integer(tail.substr(1 + kDigits + kOf.size(), kDigits));
  if (tail[0] != '-' || tail.substr(1 + kDigits, kOf.size()) != kOf || !count || *count < 1) return {};
  if (!read_integer(tail.substr(1, kDigits))) return {};
  std::vector<std::string> names;
  for (std::int64_t i = 1; i <= *count; ++i) {
    const std::string number = std::to_string(i);
    names.push_back(std::string(stem) + '-' + std::string(kDigits - number.size(), '0') + number +
                    std::string(tail.substr(1 + kDigits)));
  }
  return names;
}

}  // namespace vram::gguf
