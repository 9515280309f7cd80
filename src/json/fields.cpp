#include "json/fields.h"

#include <algorithm>
#include <cmath>

#include "units/text.h"

namespace vram::json {
namespace {

const Value kEmpty{Object()};

/// Whole numbers, also those written as 3.0.
std::optional<std::int64_t> whole(const Value& value) {
  if (const std::int64_t* integer = value.integer()) return *integer;
  const auto number = value.number();
  if (number && std::abs(*number) < 9e15 && *number == std::floor(*number)) return std::int64_t(*number);
  return std::nullopt;
}

}  // namespace

void Fields::refuse(std::string_view name, std::string problem, std::string hint, ErrorCode code) const {
  if (*error_) return;
  *error_ = Error{code, place_ + ": \"" + std::string(name) + '"', std::move(problem), std::move(hint)};
}

void Fields::expected(std::string_view name, std::string_view what) const {
  const Value* found = find(name);
  refuse(name, "expected " + std::string(what) + ", found " + (found ? describe(*found) : "nothing"));
}

bool Fields::is_null(std::string_view name) const {
  const Value* member = object_->object() ? object_->object()->find(name) : nullptr;
  return member && member->is_null();
}

std::optional<std::int64_t> Fields::read_count(std::string_view name, std::int64_t least) const {
  const Value* found = find(name);
  if (!found) return std::nullopt;
  const auto count = whole(*found);
  if (count && *count >= least && *count <= kMost) return *count;
  expected(name, least > 0    ? "a positive integer of at most 2147483648"
                 : least == 0 ? "a whole number from 0 to 2147483648"
                              : "a whole number");
  return std::nullopt;
}

std::int64_t Fields::count(std::string_view name, std::int64_t least) const {
  const auto found = read_count(name, least);
  if (!found) expected(name, "a positive integer");
  return found.value_or(std::max<std::int64_t>(least, 1));
}

std::int64_t Fields::count_or(std::string_view name, std::int64_t fallback, std::int64_t least) const {
  return read_count(name, least).value_or(fallback);
}

std::int64_t Fields::count_of(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names)
    if (has(name)) return count(name);
  return count(*names.begin());
}

std::optional<std::int64_t> Fields::maybe_count(std::string_view name, std::int64_t least) const {
  return read_count(name, least);
}

bool Fields::flag_or(std::string_view name, bool fallback) const {
  const Value* found = find(name);
  if (!found) return fallback;
  if (const bool* flag = found->boolean()) return *flag;
  expected(name, "true or false");
  return fallback;
}

std::optional<double> Fields::maybe_number(std::string_view name) const {
  const Value* found = find(name);
  if (!found) return std::nullopt;
  if (const auto number = found->number()) return number;
  expected(name, "a number");
  return std::nullopt;
}

std::string Fields::text_or(std::string_view name, std::string_view fallback) const {
  const Value* found = find(name);
  if (!found) return std::string(fallback);
  if (const std::string* text = found->string()) return *text;
  expected(name, "a string");
  return std::string(fallback);
}

std::vector<std::string> Fields::texts(std::string_view name) const {
  std::vector<std::string> result;
  const Value* found = find(name);
  if (!found) return result;
  if (!found->array()) {
    expected(name, "a list of strings");
    return result;
  }
  for (const Value& item : *found->array()) {
    if (const std::string* text = item.string())
      result.push_back(*text);
    else
      expected(name, "a list of strings");
  }
  return result;
}

std::vector<std::int64_t> Fields::counts(std::string_view name) const {
  std::vector<std::int64_t> result;
  const Value* found = find(name);
  if (!found) return result;
  if (!found->array()) {
    expected(name, "a list of whole numbers");
    return result;
  }
  for (const Value& item : *found->array()) {
    const auto count = whole(item);
    if (count && *count >= 0 && *count <= kMost)
      result.push_back(*count);
    else
      expected(name, "a list of whole numbers");
  }
  return result;
}

Fields Fields::inner(std::string_view name) const {
  const Value* found = find(name);
  if (found && !found->object()) {
    expected(name, "an object");
    found = nullptr;
  }
  Fields result(found ? *found : kEmpty, place_ + ": \"" + std::string(name) + '"');
  result.error_ = error_;
  return result;
}

Fields Fields::item(std::string_view name, std::size_t index) const {
  const Value* list = find(name);
  const bool there = list && list->array() && index < list->array()->size() && (*list->array())[index].object();
  if (!there) refuse(name, "expected an object as item " + std::to_string(index));
  Fields result(there ? (*list->array())[index] : kEmpty,
                place_ + ": \"" + std::string(name) + "\"[" + std::to_string(index) + ']');
  result.error_ = error_;
  return result;
}

}  // namespace vram::json
