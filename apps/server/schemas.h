// docs/schema, compiled in: what the description of the service shows, and what a body is held to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "arch/pattern.h"
#include "json/value.h"

namespace vram::server {

/// The schemas of docs/schema by name: "request" for request.schema.json.
class Schemas {
 public:
  Schemas();

  [[nodiscard]] const std::map<std::string, json::Value, std::less<>>& all() const { return schemas_; }

  /// The first thing that `value` is not as the schema of that name has it; nothing where it is.
  ///
  ///   place   of the errors: "body"
  ///   source  JSON Schema 2020-12, as far as docs/schema uses it: type, const, enum, properties, required,
  ///           additionalProperties, propertyNames, items, oneOf, bounds, pattern (anchored), $ref
  [[nodiscard]] std::optional<Error> violation(std::string_view schema, const json::Value& value,
                                               const std::string& place) const;

 private:
  class Check;
  std::map<std::string, json::Value, std::less<>> schemas_;
  std::map<std::string, arch::Pattern, std::less<>> patterns_;
};

}  // namespace vram::server
