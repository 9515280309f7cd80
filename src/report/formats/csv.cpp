// csv: a heading and a line a rank (RFC 4180), in bytes.
#include <vector>

#include "memory/kv_plan.h"
#include "report/formats.h"
#include "units/text.h"

namespace vram::report::formats {

extern const Entry csv;

namespace {

struct Field {
  const char* name;
  std::string value;
};

std::string number(Bytes bytes) { return std::to_string(bytes.count()); }

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::vector<Field> launch_fields(const plan::Report& report) {
  return {{"model", report.model_name},
          {"vllm_version", report.engine.version},
          {"gpu", report.gpu.id.empty() ? report.gpu.name : report.gpu.id},
          {"gpus", std::to_string(report.gpu_count)},
          {"fits", report.verdict.fits ? "true" : "false"},
          {"reason", std::string(plan::name(report.verdict.reason))},
          {"probability_fits", python_float(report.verdict.probability_fits)},
          {"max_model_len", report.kv ? std::to_string(report.kv->max_model_len.count()) : ""},
          {"kv_cache_tokens", report.kv ? std::to_string(report.kv->tokens.count()) : ""},
          {"max_concurrency", report.kv ? python_float(report.kv->max_concurrency) : ""}};
}

/// Empty for a launch that is refused before there are ranks.
std::vector<Field> rank_fields(const plan::RankReport* rank) {
  const auto value = [&](auto of) { return rank ? of(*rank) : std::string(); };
  using Rank = plan::RankReport;
  return {{"rank", value([](const Rank& r) { return std::to_string(r.rank); })},
          {"weights_bytes", value([](const Rank& r) { return number(r.weights); })},
          {"model_loading_bytes", value([](const Rank& r) { return number(r.model_loading.bytes); })},
          {"activation_peak_bytes", value([](const Rank& r) { return number(r.activation_peak.bytes); })},
          {"non_torch_bytes", value([](const Rank& r) { return number(r.non_torch.bytes); })},
          {"cuda_graph_bytes", value([](const Rank& r) { return number(r.cuda_graphs.bytes); })},
          {"cuda_graph_reserved_bytes", value([](const Rank& r) { return number(r.cuda_graphs_reserved.bytes); })},
          {"requested_bytes", value([](const Rank& r) { return number(r.requested); })},
          {"available_kv_bytes", value([](const Rank& r) { return number(r.available_kv.bytes); })},
          {"kv_cache_bytes", value([](const Rank& r) { return number(r.kv_cache); })},
          {"peak_bytes", value([](const Rank& r) { return number(r.peak); })},
          {"free_after_bytes", value([](const Rank& r) { return number(r.free_after); })}};
}

std::string line(const std::vector<Field>& launch, const std::vector<Field>& rank, bool names) {
  std::string out;
  for (const auto* fields : {&launch, &rank})
    for (const Field& field : *fields) out += (out.empty() ? "" : ",") + (names ? field.name : quoted(field.value));
  return out + "\r\n";
}

std::string write(const Answered& answered) {
  const std::vector<Field> launch = launch_fields(answered.report);
  std::string out = line(launch, rank_fields(nullptr), true);
  for (const plan::RankReport& rank : answered.report.ranks) out += line(launch, rank_fields(&rank), false);
  if (answered.report.ranks.empty()) out += line(launch, rank_fields(nullptr), false);
  return out;
}

}  // namespace

const Entry csv{"csv", "a line a rank, in bytes", write};

}  // namespace vram::report::formats
