#include "report/report_parts.h"

namespace vram::report {

json::Value verdict_json(const plan::Verdict& verdict) {
  json::Object object;
  object.set("fits", json::Value(verdict.fits));
  object.set("reason", json::Value(plan::name(verdict.reason)));
  object.set("message", verdict.message ? json::Value(*verdict.message) : json::Value());
  object.set("probability_fits", json::Value(verdict.probability_fits));
  return json::Value(std::move(object));
}

json::Value assumptions_json(const std::vector<plan::Assumption>& assumptions) {
  return list(assumptions, [](const plan::Assumption& assumption) {
    json::Object object;
    object.set("about", json::Value(assumption.about));
    object.set("value", json::Value(assumption.value));
    object.set("why", json::Value(assumption.why));
    object.set("source", json::Value(assumption.source));
    return json::Value(std::move(object));
  });
}

}  // namespace vram::report
