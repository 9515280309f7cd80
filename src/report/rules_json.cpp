#include "report/rules_json.h"

#include "formula/profiles.h"
#include "report/formula_json.h"
#include "vllm/arguments.h"
#include "vllm/release.h"

namespace vram::report {
namespace {

using json::Value;

std::string_view word(vllm::Argument::Kind kind) {
  using Kind = vllm::Argument::Kind;
  switch (kind) {
    case Kind::kFlag:
      return "flag";
    case Kind::kInteger:
      return "integer";
    case Kind::kNumber:
      return "number";
    case Kind::kCount:
      return "count";
    case Kind::kText:
      return "text";
    case Kind::kJson:
      return "json";
    case Kind::kList:
      return "list";
    case Kind::kAny:
      return "any";
  }
  return "";
}

Value argument(const vllm::Argument& argument) {
  json::Object object;
  object.set("name", Value(argument.name));
  object.set("kind", Value(word(argument.kind)));
  object.set("aliases", Value(argument.aliases));
  object.set("since", Value(argument.since));
  object.set("until", Value(argument.until));
  return Value(std::move(object));
}

}  // namespace

Value rules_json() {
  json::Array releases, arguments;
  for (const vllm::Release& release : vllm::releases()) {
    json::Object object;
    object.set("version", Value(release.version));
    object.set("as_of", Value(release.cut.text()));
    releases.emplace_back(std::move(object));
  }
  for (const vllm::Argument& each : vllm::arguments()) arguments.push_back(argument(each));
  json::Object object;
  object.set("releases", Value(std::move(releases)));
  object.set("newest", Value(vllm::newest().version));
  object.set("arguments", Value(std::move(arguments)));
  object.set("profiles", profiles_json(formula::built_in_profiles()));
  return Value(std::move(object));
}

}  // namespace vram::report
