#include "report/max_context_text.h"

#include "report/report_json.h"
#include "report/sentences.h"
#include "report/table.h"
#include "units/text.h"

namespace vram::report {

std::string max_context_text(const plan::MaxContext& found, const TextStyle& style) {
  const plan::Report& report = found.report;
  if (found.context == Tokens(0)) return verdict_sentence(report) + "\nNo length starts.\n";
  std::string out = "Longest context: " + with_commas(found.context.count()) + " tokens" +
                    (found.limited_by_model ? ", the longest that the model or --max-model-len allows." : ".") + '\n';
  out += "\n  vLLM " + report.engine.version + ", " + std::to_string(report.gpu_count) + " x " + report.gpu.name +
         ", budget " + python_float(report.gpu_memory_utilization);
  if (!report.ranks.empty())
    out += " = " + fixed(gib(report.fullest().requested), 2) + " GiB, " +
           fixed(gib(report.fullest().available_kv.bytes), 2) + " for KV cache";
  out += "\n\n";
  static constexpr Column kColumns[] = {
      {"requests at once", true, 0}, {"tokens each", true, 0}, {"90 % interval", true, 0}};
  std::vector<std::vector<std::string>> rows;
  const std::string dash = style.unicode ? " – " : " - ";
  for (const plan::ContextAt& at : found.requests)
    rows.push_back({std::to_string(at.requests), with_commas(at.tokens.count()),
                    with_commas(at.low.count()) + dash + with_commas(at.high.count())});
  out += table(kColumns, rows, style.width);
  if (found.limited_by_model && found.memory_alone > found.context)
    out += "\n  Memory alone would take " + with_commas(found.memory_alone.count()) + " tokens.\n";
  return out;
}

json::Value max_context_json(const plan::MaxContext& found) {
  json::Object answer;
  answer.set("context_tokens", json::Value(found.context.count()));
  answer.set("limited_by", json::Value(found.limited_by_model ? "model" : "memory"));
  answer.set("report", report_json(found.report));
  return json::Value(std::move(answer));
}

}  // namespace vram::report
