// Typed reading of one JSON object. The first problem is kept and every later read answers something harmless,
// so a reader states what it needs line by line and looks once, at the end, whether all of it was there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace vram::json {

class Fields {
 public:
  /// Large enough for any model's figure, small enough that products of two stay within 64 bits.
  static constexpr std::int64_t kMost = std::int64_t{1} << 31;

  Fields(const Value& object, std::string place)
      : object_(&object), place_(std::move(place)), error_(std::make_shared<std::optional<Error>>()) {}

  [[nodiscard]] bool has(std::string_view name) const { return object_->find(name) != nullptr; }
  [[nodiscard]] const Value* find(std::string_view name) const { return object_->find(name); }
  /// Whether the member is there and null, which most readers take for absent.
  [[nodiscard]] bool is_null(std::string_view name) const;
  [[nodiscard]] const Value& value() const { return *object_; }
  [[nodiscard]] const std::string& place() const { return place_; }

  /// A whole number of at least `least`; without a fallback it must be there. 3.0 counts as whole, as config.json files
  /// write it.
  [[nodiscard]] std::int64_t count(std::string_view name, std::int64_t least = 1) const;
  [[nodiscard]] std::int64_t count_or(std::string_view name, std::int64_t fallback, std::int64_t least = 0) const;
  /// The first of `names` that is there.
  [[nodiscard]] std::int64_t count_of(std::initializer_list<std::string_view> names) const;
  [[nodiscard]] std::optional<std::int64_t> maybe_count(std::string_view name, std::int64_t least = 0) const;

  [[nodiscard]] bool flag_or(std::string_view name, bool fallback) const;
  [[nodiscard]] std::optional<double> maybe_number(std::string_view name) const;
  [[nodiscard]] std::string text_or(std::string_view name, std::string_view fallback) const;
  /// Empty when absent.
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
  [[nodiscard]] std::vector<std::int64_t> counts(std::string_view name) const;

  /// Fields of a nested object; of an empty one when it is absent. Shares this object's first problem.
  [[nodiscard]] Fields inner(std::string_view name) const;

  /// Fields of the object at `index` of a list; of an empty one when it is absent.
  [[nodiscard]] Fields item(std::string_view name, std::size_t index) const;

  /// Keeps `problem` about member `name` unless one is kept already.
  void refuse(std::string_view name, std::string problem, std::string hint = "",
              ErrorCode code = ErrorCode::kBadInput) const;
  [[nodiscard]] const std::optional<Error>& error() const { return *error_; }

 private:
  std::optional<std::int64_t> read_count(std::string_view name, std::int64_t least) const;
  void expected(std::string_view name, std::string_view what) const;

  const Value* object_;
  std::string place_;
  std::shared_ptr<std::optional<Error>> error_;
};

}  // namespace vram::json
