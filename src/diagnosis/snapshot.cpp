#include "diagnosis/snapshot.h"

#include <algorithm>

#include "json/fields.h"

namespace vram::diagnosis {
namespace {

constexpr double kMostGib = 1e6;

Result<std::optional<Snapshot>> read_line(std::string_view line, const std::string& place) {
  const auto value = json::parse(line, place);
  if (!value) return value.error();
  if (!value->object())
    return Error{ErrorCode::kBadInput, place, "expected an object, found " + json::describe(*value), ""};
  const json::Fields fields(*value, place);
  const json::Fields metrics = fields.inner("payload").inner("metrics");
  Snapshot snapshot;
  snapshot.model = fields.text_or("served_model_id", "");
  if (snapshot.model.empty()) snapshot.model = fields.text_or("model", "");
  snapshot.context_tokens = metrics.maybe_count("runtime_context_tokens", 1);
  snapshot.max_num_seqs = metrics.maybe_count("configured_max_num_seqs", 1);
  const std::string backend = fields.text_or("backend", "vllm");
  const auto used = metrics.inner("gpu_memory_gib").maybe_number("used");
  if (fields.error()) return *fields.error();
  if (!used || *used <= 0 || *used > kMostGib)
    return Error{ErrorCode::kBadInput, place + ": \"payload\": \"metrics\": \"gpu_memory_gib\": \"used\"",
                 "expected GiB over 0", ""};
  snapshot.used = Bytes(std::int64_t(*used * double(kGiB)));
  if (backend != "vllm") return std::optional<Snapshot>();
  return std::optional(std::move(snapshot));
}

}  // namespace

bool is_snapshot(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{' && text.find("\"payload\"") != std::string_view::npos;
}

Result<std::vector<Snapshot>> read_snapshots(std::string_view text, const std::string& place) {
  std::vector<Snapshot> found;
  for (std::int64_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto snapshot = read_line(line, place + ", line " + std::to_string(number));
    if (!snapshot) return snapshot.error();
    if (!*snapshot) continue;
    std::erase_if(found, [&](const Snapshot& earlier) { return earlier.model == (*snapshot)->model; });
    found.push_back(**std::move(snapshot));
  }
  return found;
}

plan::Observation observe(const Snapshot& snapshot, const plan::Report& report) {
  plan::Observation seen;
  seen.model = report.model_name;
  seen.engine = report.engine;
  seen.ranks = std::int64_t(report.ranks.size());
  if (!report.ranks.empty()) seen.cuda_graphs = snapshot.used - report.fullest().peak;
  return seen;
}

}  // namespace vram::diagnosis
