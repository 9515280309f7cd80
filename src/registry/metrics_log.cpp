#include "registry/metrics_log.h"

#include <algorithm>

namespace vram::registry {
namespace {

constexpr double kSeenOverheadGib = 0.5;

bool is_about(const json::Value& line, const Entry& entry) {
  const json::Value* model = line.find("model");
  if (model && model->string() && *model->string() == entry.name) return true;
  const json::Value* served = line.find("served_model_id");
  return served && served->string() && !entry.served_model_id.empty() && *served->string() == entry.served_model_id;
}

std::optional<double> positive(const json::Value* object, std::string_view name) {
  const json::Value* found = object ? object->find(name) : nullptr;
  const auto number = found ? found->number() : std::nullopt;
  return number && *number > 0 && *number < 1e9 ? number : std::nullopt;
}

std::optional<Snapshot> read_snapshot(const json::Value& line) {
  const json::Value* payload = line.find("payload");
  const json::Value* metrics = payload ? payload->find("metrics") : nullptr;
  const auto used = positive(metrics ? metrics->find("gpu_memory_gib") : nullptr, "used");
  if (!used) return std::nullopt;
  Snapshot snapshot;
  const json::Value* timestamp = line.find("timestamp");
  if (timestamp && timestamp->string()) snapshot.timestamp = *timestamp->string();
  snapshot.used_gib = *used;
  snapshot.context_tokens = std::int64_t(positive(metrics, "runtime_context_tokens").value_or(0));
  auto batch = positive(metrics, "runtime_batch");
  if (!batch) batch = positive(metrics, "configured_max_num_seqs");
  snapshot.batch = std::max<std::int64_t>(1, std::int64_t(batch.value_or(1)));
  return snapshot;
}

}  // namespace

std::optional<Snapshot> last_snapshot(std::string_view log, const Entry& entry) {
  std::optional<Snapshot> last;
  while (!log.empty()) {
    const std::string_view line = log.substr(0, log.find('\n'));
    log.remove_prefix(std::min(line.size() + 1, log.size()));
    const auto value = json::parse(line, "");
    if (!value || !is_about(*value, entry)) continue;
    if (auto snapshot = read_snapshot(*value)) last = std::move(snapshot);
  }
  return last;
}

formula::Request with_snapshot(formula::Request request, const Snapshot& snapshot) {
  request.batch = snapshot.batch;
  const formula::Estimate seen = formula::estimate(request, double(snapshot.context_tokens) / 1024);
  request.profile.overhead_gib = kSeenOverheadGib;
  request.profile.vision_gib = std::max(snapshot.used_gib - seen.weights_gib - seen.kv_gib - kSeenOverheadGib, 0.0);
  return request;
}

}  // namespace vram::registry
