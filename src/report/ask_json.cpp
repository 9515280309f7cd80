#include "report/ask_json.h"

namespace vram::report {

json::Value ask_json(const options::Asked& asked) {
  json::Array understood;
  for (const options::Understood& each : asked.understood) {
    json::Object object;
    object.set("part", json::Value(options::word(each.part)));
    object.set("words", json::Value(each.words));
    object.set("meaning", json::Value(each.meaning));
    understood.emplace_back(std::move(object));
  }
  json::Object object;
  object.set("request", json::Value(asked.request));
  object.set("understood", json::Value(std::move(understood)));
  object.set("not_understood", json::Value(json::Array(asked.not_understood.begin(), asked.not_understood.end())));
  object.set("hints", json::Value(json::Array(asked.hints.begin(), asked.hints.end())));
  return json::Value(std::move(object));
}

}  // namespace vram::report
