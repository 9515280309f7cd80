#include "server/schemas.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace vram::server {

/// docs/schema: (name, text), generated.
std::span<const std::pair<std::string_view, std::string_view>> embedded_schemas();

namespace {

using json::Object;
using json::Value;
using Problem = std::optional<Error>;

constexpr std::string_view kFile = ".schema.json";

bool is_type(const Value& value, std::string_view type) {
  const auto number = value.number();
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.boolean() != nullptr;
  if (type == "string") return value.string() != nullptr;
  if (type == "array") return value.array() != nullptr;
  if (type == "object") return value.object() != nullptr;
  return number && (type == "number" || *number == std::floor(*number));
}

/// Characters, not bytes.
std::size_t length_of(const Value& value) {
  if (const json::Array* items = value.array()) return items->size();
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; };
  return value.string() ? std::size_t(std::ranges::count_if(*value.string(), begins)) : 0;
}

/// "an integer or null"
std::string words_of(const Value& type) {
  if (const std::string* one = type.string()) return *one == "integer" ? "a whole number" : "type " + *one;
  std::string words;
  for (const Value& each : *type.array()) words += (words.empty() ? "" : " or ") + words_of(each);
  return words;
}

std::string shown(const Value& number) { return json::describe(number); }

template <class Visit>
void visit_patterns(const Value& schema, const Visit& visit) {
  if (const json::Array* items = schema.array())
    for (const Value& item : *items) visit_patterns(item, visit);
  if (!schema.object()) return;
  for (const auto& [name, member] : schema.object()->members()) {
    if (name == "pattern" && member.string())
      visit(*member.string());
    else
      visit_patterns(member, visit);
  }
}

}  // namespace

/// One value against one schema; each function is a keyword or a few that belong together.
class Schemas::Check {
 public:
  Check(const Schemas& schemas, const Value& root) : schemas_(schemas), root_(root) {}

  Problem operator()(const Value& schema, const Value& value, const std::string& place) const {
    if (const Value* target = schema.find("$ref")) return referred(*target->string(), value, place);
    using Keyword = Problem (Check::*)(const Value&, const Value&, const std::string&) const;
    static constexpr Keyword kKeywords[] = {&Check::type,   &Check::choice,  &Check::bounds, &Check::lengths,
                                            &Check::one_of, &Check::members, &Check::items};
    for (const Keyword keyword : kKeywords)
      if (auto problem = (this->*keyword)(schema, value, place)) return problem;
    return std::nullopt;
  }

 private:
  static Error bad(const std::string& place, const std::string& expected, const Value& found) {
    return {ErrorCode::kBadInput, place, "expected " + expected + ", found " + json::describe(found), ""};
  }

  Problem referred(const std::string& target, const Value& value, const std::string& place) const {
    constexpr std::string_view kOwn = "#/$defs/";
    if (target == "#") return (*this)(root_, value, place);
    if (target.starts_with(kOwn)) return (*this)(*root_.find("$defs")->find(target.substr(kOwn.size())), value, place);
    const auto other = schemas_.schemas_.find(target.substr(0, target.size() - kFile.size()));
    return Check(schemas_, other->second)(other->second, value, place);
  }

  Problem type(const Value& schema, const Value& value, const std::string& place) const {
    const Value* type = schema.find("type");
    if (!type) return std::nullopt;
    const json::Array* several = type->array();
    const bool fits = several
                          ? std::ranges::any_of(*several, [&](const Value& t) { return is_type(value, *t.string()); })
                          : is_type(value, *type->string());
    return fits ? Problem() : bad(place, words_of(*type), value);
  }

  Problem choice(const Value& schema, const Value& value, const std::string& place) const {
    const Value* only = schema.find("const");
    if (only && !(*only == value)) return bad(place, shown(*only), value);
    const Value* among = schema.find("enum");
    if (!among || std::ranges::find(*among->array(), value) != among->array()->end()) return std::nullopt;
    return bad(place, "one of the values of its schema", value);
  }

  Problem bounds(const Value& schema, const Value& value, const std::string& place) const {
    const auto number = value.number();
    if (!number) return std::nullopt;
    const Value *least = schema.find("minimum"), *most = schema.find("maximum"),
                *over = schema.find("exclusiveMinimum");
    if (least && *number < *least->number()) return bad(place, "at least " + shown(*least), value);
    if (most && *number > *most->number()) return bad(place, "at most " + shown(*most), value);
    if (over && *number <= *over->number()) return bad(place, "more than " + shown(*over), value);
    return std::nullopt;
  }

  Problem lengths(const Value& schema, const Value& value, const std::string& place) const {
    if (!value.string() && !value.array()) return std::nullopt;
    const bool text = value.string() != nullptr;
    const Value *least = schema.find(text ? "minLength" : "minItems"),
                *most = schema.find(text ? "maxLength" : "maxItems");
    const auto length = std::int64_t(length_of(value));
    if (least && length < *least->integer()) return bad(place, "a length of at least " + shown(*least), value);
    if (most && length > *most->integer()) return bad(place, "a length of at most " + shown(*most), value);
    const Value* pattern = schema.find("pattern");
    if (!text || !pattern || schemas_.patterns_.find(*pattern->string())->second.matches_start(*value.string()))
      return std::nullopt;
    return bad(place, "a text like " + *pattern->string(), value);
  }

  Problem one_of(const Value& schema, const Value& value, const std::string& place) const {
    const Value* forms = schema.find("oneOf");
    if (!forms) return std::nullopt;
    const auto fitting =
        std::ranges::count_if(*forms->array(), [&](const Value& form) { return !(*this)(form, value, place); });
    return fitting == 1 ? Problem() : bad(place, "exactly one of the forms that its schema has", value);
  }

  Problem members(const Value& schema, const Value& value, const std::string& place) const {
    if (!value.object()) return std::nullopt;
    if (const Value* required = schema.find("required"))
      for (const Value& name : *required->array())
        if (!value.object()->find(*name.string()))
          return Error{ErrorCode::kBadInput, place + ": \"" + *name.string() + '"', "it is missing", ""};
    for (const auto& [name, member] : value.object()->members())
      if (auto problem = this->member(schema, name, member, place + ": \"" + name.substr(0, 80) + '"')) return problem;
    return std::nullopt;
  }

  Problem member(const Value& schema, const std::string& name, const Value& value, const std::string& place) const {
    if (const Value* names = schema.find("propertyNames"))
      if (auto problem = (*this)(*names, Value(name), place)) return problem;
    const Value* known = schema.find("properties");
    if (const Value* own = known ? known->find(name) : nullptr) return (*this)(*own, value, place);
    const Value* others = schema.find("additionalProperties");
    if (!others) return std::nullopt;
    if (const bool* any = others->boolean())
      return *any ? Problem() : Problem(Error{ErrorCode::kBadInput, place, "it is not known", ""});
    return (*this)(*others, value, place);
  }

  Problem items(const Value& schema, const Value& value, const std::string& place) const {
    const Value* each = schema.find("items");
    if (!each || !value.array()) return std::nullopt;
    for (std::size_t i = 0; i < value.array()->size(); ++i)
      if (auto problem = (*this)(*each, (*value.array())[i], place + '[' + std::to_string(i) + ']')) return problem;
    return std::nullopt;
  }

  const Schemas& schemas_;
  const Value& root_;
};

Schemas::Schemas() {
  for (const auto& [file, text] : embedded_schemas()) {
    auto schema = json::parse(text, file);
    if (!schema) continue;  // tests read every one of them
    visit_patterns(*schema, [this](const std::string& pattern) {
      if (auto compiled = arch::Pattern::compile(pattern)) patterns_.emplace(pattern, *std::move(compiled));
    });
    schemas_.emplace(std::string(file.substr(0, file.find('.'))), *std::move(schema));
  }
}

std::optional<Error> Schemas::violation(std::string_view schema, const json::Value& value,
                                        const std::string& place) const {
  const auto found = schemas_.find(schema);
  return found == schemas_.end() ? std::nullopt : Check(*this, found->second)(found->second, value, place);
}

}  // namespace vram::server
