#include "report/formula_json.h"

namespace vram::report {

json::Value estimate_json(const formula::Estimate& estimate) {
  json::Object members;
  members.set("weights_gib", estimate.weights_gib);
  members.set("kv_gib", estimate.kv_gib);
  members.set("overhead_gib", estimate.overhead_gib);
  members.set("vision_gib", estimate.vision_gib);
  members.set("frag_factor", estimate.frag_factor);
  members.set("total_gib", estimate.total_gib);
  return members;
}

json::Value formula_report_json(const formula::Estimate& estimate, const std::vector<Error>& warnings,
                                std::optional<double> budget_gib) {
  json::Object report;
  report.set("schema", "vram-estimator/report/1");
  report.set("mode", "formula");
  report.set("formula", estimate_json(estimate));
  json::Value verdict;
  if (budget_gib) {
    const bool fits = estimate.total_gib <= *budget_gib;
    json::Object members;
    members.set("fits", fits);
    members.set("reason", fits ? "ok" : "no_kv_memory");
    members.set("message", nullptr);
    members.set("probability_fits", fits ? 1.0 : 0.0);
    verdict = std::move(members);
  }
  report.set("verdict", std::move(verdict));
  json::Array assumptions;
  for (const Error& warning : warnings) {
    json::Object members;
    members.set("about", warning.place);
    members.set("value", nullptr);
    members.set("why", warning.problem);
    members.set("source", "the existing tool's fallback");
    assumptions.push_back(std::move(members));
  }
  report.set("assumptions", std::move(assumptions));
  return report;
}

json::Value max_context_json(const formula::MaxContext& found) {
  const auto tokens = double(found.context.count());
  json::Object members;
  members.set("context_k", tokens / 1024);
  members.set("context_tokens", tokens);
  members.set("kv_gib", found.at.kv_gib);
  members.set("total_gib", found.at.total_gib);
  return members;
}

json::Value profiles_json(const formula::Profiles& profiles) {
  json::Object members;
  for (const auto& [name, profile] : profiles) {
    json::Object numbers;
    numbers.set("overhead_gib", profile.overhead_gib);
    numbers.set("vision_gib", profile.vision_gib);
    numbers.set("frag_factor", profile.frag_factor);
    members.set(name, std::move(numbers));
  }
  return members;
}

}  // namespace vram::report
