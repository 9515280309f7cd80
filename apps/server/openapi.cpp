#include "server/openapi.h"

#include <span>
#include <string>
#include <utility>

#include "server/route.h"

namespace vram::server {

namespace {

using json::Object;
using json::Value;

constexpr std::string_view kComponents = "#/components/schemas/";

Value text(std::string_view words) { return Value(words); }

Value reference(const std::string& name) {
  Object object;
  object.set("$ref", Value(std::string(kComponents) + name));
  return Value(std::move(object));
}

/// A schema with its own definitions referred to where they stand in this document: "#/$defs/x" of schema "report" is
/// "#/components/schemas/report.x".
Value relocated(const Value& value, const std::string& schema) {
  if (const json::Array* items = value.array()) {
    json::Array moved;
    for (const Value& item : *items) moved.push_back(relocated(item, schema));
    return Value(std::move(moved));
  }
  if (!value.object()) return value;
  constexpr std::string_view kOwn = "#/$defs/", kFile = ".schema.json";
  Object moved;
  for (const auto& [name, member] : value.object()->members()) {
    if (name == "$schema" || name == "$id" || name == "$defs") continue;
    const std::string* target = name == "$ref" ? member.string() : nullptr;
    if (target && target->starts_with(kOwn))
      moved.set(name, Value(std::string(kComponents) + schema + '.' + target->substr(kOwn.size())));
    else if (target && target->ends_with(kFile))
      moved.set(name, Value(std::string(kComponents) + target->substr(0, target->size() - kFile.size())));
    else if (target && *target == "#")
      moved.set(name, Value(std::string(kComponents) + schema));
    else
      moved.set(name, relocated(member, schema));
  }
  return Value(std::move(moved));
}

Object components_of(const Schemas& schemas) {
  Object all;
  for (const auto& [name, schema] : schemas.all()) {
    all.set(name, relocated(schema, name));
    if (const Value* definitions = schema.find("$defs"))
      for (const auto& [own, definition] : definitions->object()->members())
        all.set(name + '.' + own, relocated(definition, name));
  }
  return all;
}

Value content(std::string_view type, Value schema) {
  Object inner, outer;
  inner.set("schema", std::move(schema));
  outer.set(std::string(type), Value(std::move(inner)));
  return Value(std::move(outer));
}

Value any() { return Value(Object()); }

Value schema_or_any(std::string_view name) { return name.empty() ? any() : reference(std::string(name)); }

Value lines_of(std::string_view type) {
  Object schema;
  schema.set("type", text("string"));
  schema.set("description", text("a JSON object a line"));
  return content(type, Value(std::move(schema)));
}

Value response(std::string_view description, Value of) {
  Object object;
  object.set("description", text(description));
  object.set("content", std::move(of));
  return Value(std::move(object));
}

Value responses(const Route& route) {
  struct Refusal {
    const char *status, *description;
  };
  static constexpr Refusal kOfBodies[] = {
      {"400", "the body is not as its schema has it"},
      {"404", "nothing has that name"},
      {"409", "well formed, but it cannot be planned: parts that do not go together, or that are not modelled"},
      {"413", "larger than is read"},
      {"503", "too much at once, or something that does not answer; try again"}};
  Object all;
  all.set("200",
          response("the answer", route.lines           ? lines_of("application/x-ndjson")
                                 : !route.type.empty() ? content(route.type.substr(0, route.type.find(';')), any())
                                                       : content("application/json", schema_or_any(route.response))));
  if (route.method == "POST")
    for (const auto& [status, description] : kOfBodies)
      all.set(status, response(description, content("application/json", reference("error"))));
  all.set("default", response("an error in one sentence", content("application/json", reference("error"))));
  return Value(std::move(all));
}

/// Lines are taken whatever they are called; text is what every client can send.
Value request_body(const Route& route) {
  Object body;
  body.set("required", Value(!route.request.empty()));
  body.set("content",
           route.request.empty() ? lines_of("text/plain") : content("application/json", schema_or_any(route.request)));
  return Value(std::move(body));
}

Value parameters(const Route& route) {
  json::Array all;
  if (!route.parameter.empty()) {
    Object schema, one;
    schema.set("type", text("string"));
    one.set("name", text(route.parameter));
    one.set("in", text("query"));
    one.set("required", Value(route.parameter_needed));
    one.set("description", text(route.parameter_is));
    one.set("schema", Value(std::move(schema)));
    all.push_back(Value(std::move(one)));
  }
  if (route.writes) {
    Object schema, one;
    schema.set("type", text("string"));
    one.set("name", text("X-Write-Token"));
    one.set("in", text("header"));
    one.set("required", Value(true));
    one.set("description", text("what GET /v1/session answers"));
    one.set("schema", Value(std::move(schema)));
    all.push_back(Value(std::move(one)));
  }
  return Value(std::move(all));
}

Value operation(const Route& route) {
  Object object;
  object.set("summary", text(route.summary));
  object.set("parameters", parameters(route));
  if (route.method == "POST") object.set("requestBody", request_body(route));
  object.set("responses", responses(route));
  return Value(std::move(object));
}

Value error_schema() {
  const auto schema = json::parse(
      R"({"type": "object", "required": ["error"], "properties": {"error": {"type": "object",)"
      R"( "required": ["code", "message"], "properties": {"code": {"type": "string"}, "message": {"type": "string"}}}}})",
      "error");
  return schema ? *schema : any();
}

}  // namespace

Value openapi(const Schemas& schemas) {
  Object info, paths, components, document;
  info.set("title", text("VRAM Estimator"));
  info.set("version", text(VRAM_VERSION));
  info.set("license", *json::parse(R"({"name": "Apache-2.0", "identifier": "Apache-2.0"})", "license"));
  for (const Route& route : routes()) {
    const Value* known = paths.find(route.path);
    Object item = known ? *known->object() : Object();
    item.set(route.method == "POST" ? "post" : "get", operation(route));
    paths.set(std::string(route.path), Value(std::move(item)));
  }
  Object all = components_of(schemas);
  all.set("error", error_schema());
  components.set("schemas", Value(std::move(all)));
  document.set("openapi", text("3.1.0"));
  document.set("info", Value(std::move(info)));
  document.set("paths", Value(std::move(paths)));
  document.set("components", Value(std::move(components)));
  return Value(std::move(document));
}

}  // namespace vram::server
