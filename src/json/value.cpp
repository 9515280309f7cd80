#include "json/value.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "units/text.h"

namespace vram::json {
namespace {

constexpr std::size_t kFew = 8;  // members of an object that is put together one by one

}  // namespace

const Value* Object::find(std::string_view name) const {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.first == name; });
  return found == members_.end() ? nullptr : &found->second;
}

void Object::set(std::string name, Value value) {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.first == name; });
  if (found != members_.end()) {
    found->second = std::move(value);
    return;
  }
  if (members_.empty()) members_.reserve(kFew);
  members_.emplace_back(std::move(name), std::move(value));
}

void Object::erase(std::string_view name) {
  std::erase_if(members_, [&](const Member& m) { return m.first == name; });
}

bool operator==(const Object& a, const Object& b) { return a.members_ == b.members_; }

std::optional<double> Value::number() const {
  if (const auto* whole = std::get_if<std::int64_t>(&data_)) return double(*whole);
  if (const auto* real = std::get_if<double>(&data_)) return *real;
  return std::nullopt;
}

const Value* Value::find(std::string_view name) const {
  const Object* members = object();
  const Value* value = members ? members->find(name) : nullptr;
  return value && !value->is_null() ? value : nullptr;
}

namespace {

/// Builds the tree from the library's events; the first thing we do not allow ends the parse.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view place, int depth) : place_(place), depth_(depth) {}

  bool null() override { return add(Value()); }
  bool boolean(bool value) override { return add(Value(value)); }
  bool number_integer(number_integer_t value) override { return add(Value(std::int64_t(value))); }
  bool number_unsigned(number_unsigned_t value) override {
    return value <= number_unsigned_t(std::numeric_limits<std::int64_t>::max()) ? add(Value(std::int64_t(value)))
                                                                                : add(Value(double(value)));
  }
  bool number_float(number_float_t value, const string_t& text) override {
    if (!std::isfinite(value)) return fail("the number " + text.substr(0, 40) + " is too large");
    return add(Value(value));
  }
  bool string(string_t& value) override { return add(Value(std::move(value))); }
  bool binary(binary_t&) override { return fail("it holds binary data"); }

  bool start_object(std::size_t) override { return open(Value(Object())); }
  bool key(string_t& name) override {
    names_.back() = std::move(name);
    return seen(open_.back()) || fail("\"" + names_.back().substr(0, 80) + "\" stands twice in one object");
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Value(Array())); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return fail("it is not valid JSON at byte " + std::to_string(position));
  }

  Result<Value> finish() {
    if (error_) return *error_;
    return std::move(root_);
  }

 private:
  // Names of large objects are checked through a sorted index built once in close(); small ones as they come.
  static constexpr std::size_t kSmall = 32;

  bool seen(const Value& open) const {
    const auto& members = open.object()->members();
    return members.size() > kSmall || !open.object()->find(names_.back());
  }
  bool fail(std::string problem, ErrorCode code = ErrorCode::kBadInput) {
    if (!error_) error_ = Error{code, place_, std::move(problem), ""};
    return false;
  }
  bool open(Value container) {
    if (int(open_.size()) >= depth_)
      return fail("it is nested more than " + std::to_string(depth_) + " deep", ErrorCode::kTooLarge);
    open_.push_back(std::move(container));
    names_.emplace_back();
    return true;
  }
  bool close() {
    Value done = std::move(open_.back());
    open_.pop_back();
    names_.pop_back();
    if (const Object* object = done.object(); object && object->members().size() > kSmall) {
      std::vector<std::string_view> sorted;
      for (const auto& member : object->members()) sorted.push_back(member.first);
      std::sort(sorted.begin(), sorted.end());
      const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
      if (twice != sorted.end()) return fail("\"" + std::string(*twice) + "\" stands twice in one object");
    }
    return add(std::move(done));
  }
  bool add(Value value);

  std::string place_;
  int depth_;
  std::vector<Value> open_;
  std::vector<std::string> names_;
  std::optional<Error> error_;
  Value root_;
};

}  // namespace

// The tree under construction is the one place where members are appended unchecked: key() has looked.
struct Append {
  static void to(Value& container, std::string& name, Value value) {
    if (Object* object = std::get_if<Object>(&container.data_))
      object->members_.emplace_back(std::move(name), std::move(value));
    else
      std::get_if<Array>(&container.data_)->push_back(std::move(value));
  }
};

namespace {

bool Builder::add(Value value) {
  if (open_.empty())
    root_ = std::move(value);
  else
    Append::to(open_.back(), names_.back(), std::move(value));
  return true;
}

/// `text` with NaN, Infinity and -Infinity outside of strings written as null.
std::string without_python_literals(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  bool in_string = false;
  const auto literal_here = [&]() -> std::size_t {
    for (const std::string_view literal : {"NaN", "-Infinity", "Infinity"})
      if (text.starts_with(literal)) return literal.size();
    return 0;
  };
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t literal = in_string ? 0 : literal_here();
    const std::size_t taken = literal ? literal : in_string && c == '\\' ? 2 : 1;
    if (c == '"') in_string = !in_string;
    result += literal ? "null" : text.substr(0, taken);
    text.remove_prefix(std::min(taken, text.size()));
  }
  return result;
}

}  // namespace

Result<Value> parse(std::string_view text, std::string_view place, const Limits& limits) {
  if (text.size() > limits.bytes)
    return Error{ErrorCode::kTooLarge, std::string(place),
                 "it has " + with_commas(std::int64_t(text.size())) + " bytes, more than the " +
                     with_commas(std::int64_t(limits.bytes)) + " that are read",
                 ""};
  Builder builder(place, limits.depth);
  const std::string plain = limits.python_literals ? without_python_literals(text) : std::string();
  if (limits.python_literals) text = plain;
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.finish();
}

Value merge_patch(Value target, const Value& patch) {
  const Object* changes = patch.object();
  if (!changes) return patch;
  if (!target.object()) target = Value(Object());
  for (const auto& [name, change] : changes->members()) {
    if (change.is_null()) {
      target.object()->erase(name);
      continue;
    }
    const Value* old = target.object()->find(name);
    target.object()->set(name, merge_patch(old ? *old : Value(), change));
  }
  return target;
}

std::string describe(const Value& value) {
  if (value.is_null()) return "null";
  if (const bool* boolean = value.boolean()) return *boolean ? "true" : "false";
  if (const std::int64_t* integer = value.integer()) return std::to_string(*integer);
  if (const auto number = value.number()) return python_float(*number);
  if (const std::string* text = value.string()) return '"' + text->substr(0, 60) + (text->size() > 60 ? "…\"" : "\"");
  return value.array() ? "a list" : "an object";
}

}  // namespace vram::json
