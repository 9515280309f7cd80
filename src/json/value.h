// A parsed JSON document: a small immutable tree. The parser behind it is a kept library; this header stays light
// because every reader and every architecture includes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "units/result.h"

namespace vram::json {

class Value;
using Array = std::vector<Value>;

/// Members in the order they were written; names are unique.
class Object {
 public:
  using Member = std::pair<std::string, Value>;
  [[nodiscard]] const Value* find(std::string_view name) const;
  /// Replaces the member of that name, or appends one.
  void set(std::string name, Value value);
  void erase(std::string_view name);
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  friend bool operator==(const Object&, const Object&);

 private:
  friend struct Append;
  std::vector<Member> members_;
};

class Value {
 public:
  Value() = default;  // null
  Value(std::nullptr_t) {}
  Value(bool boolean) : data_(boolean) {}
  Value(std::int64_t integer) : data_(integer) {}
  Value(int integer) : data_(std::int64_t{integer}) {}
  Value(double number) : data_(number) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(const char* text) : data_(std::string(text)) {}
  Value(Array items) : data_(std::move(items)) {}
  Value(Object object) : data_(std::move(object)) {}

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&data_); }
  /// Written without fraction or exponent, and within 64 bits.
  [[nodiscard]] const std::int64_t* integer() const { return std::get_if<std::int64_t>(&data_); }
  /// Any finite number.
  [[nodiscard]] std::optional<double> number() const;
  [[nodiscard]] const std::string* string() const { return std::get_if<std::string>(&data_); }
  [[nodiscard]] const Array* array() const { return std::get_if<Array>(&data_); }
  [[nodiscard]] const Object* object() const { return std::get_if<Object>(&data_); }
  [[nodiscard]] Object* object() { return std::get_if<Object>(&data_); }

  /// The member of that name when this is an object that has it and it is not null.
  [[nodiscard]] const Value* find(std::string_view name) const;

  friend bool operator==(const Value&, const Value&) = default;

 private:
  friend struct Append;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

struct Limits {
  std::size_t bytes = 16u << 20;
  int depth = 64;
  /// Python's json module writes NaN, Infinity and -Infinity, and config.json files hold them: read them as null.
  bool python_literals = false;
};

/// One JSON document that spans all of `text`.
///
///   errors  kBadInput with `place` for anything that RFC 8259 does not allow, repeated names, and numbers outside
///   double's range; kTooLarge over `limits`
Result<Value> parse(std::string_view text, std::string_view place, const Limits& limits = {});

/// JSON merge patch, RFC 7396.
Value merge_patch(Value target, const Value& patch);

/// A few words for an error: `"eight"`, `12`, `a list`, `an object`.
std::string describe(const Value& value);

}  // namespace vram::json
