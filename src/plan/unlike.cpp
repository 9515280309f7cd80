#include "plan/unlike.h"

#include <algorithm>
#include <optional>

#include "plan/budget.h"
#include "plan/calibration.h"

namespace vram::plan {

namespace {

/// `request` is referred to.
Surroundings around(const Request& request) {
  Surroundings around;
  around.environment = request.environment;
  if (request.draft)
    around.find_model = [&request](std::string_view) { return std::optional<ModelSource>(*request.draft); };
  return around;
}

/// The first one, as capable as the least capable.
hardware::Gpu asked_about(const Request& request) {
  hardware::Gpu asked = request.unlike.empty() ? request.gpu : request.unlike.front();
  for (const hardware::Gpu& each : request.unlike) asked.capability = std::min(asked.capability, each.capability);
  return asked;
}

}  // namespace

Result<Deployment> resolve(const Request& request, Stated stated) {
  auto deployment =
      resolve(*request.model, request.args, request.engine, asked_about(request), around(request), stated);
  if (!deployment) return deployment.error();
  deployment->gpu.total = request.gpu.total;
  deployment->gpu.free = request.gpu.free;
  return deployment;
}

Result<OpenDeployment> resolve_open(const Request& request) {
  auto open = resolve_open(*request.model, request.args, request.engine, asked_about(request), around(request));
  if (!open) return open.error();
  open->deployment.gpu.total = request.gpu.total;
  open->deployment.gpu.free = request.gpu.free;
  return open;
}

Result<std::vector<RankReport>> on_each_gpu(const Exact& exact, const Request& request) {
  const memory::Parallel& parallel = exact.deployment.parallel;
  const std::int64_t count = parallel.tensor * parallel.pipeline * parallel.data;
  if (count > std::int64_t(request.unlike.size()))
    return Error{
        ErrorCode::kBadInput, "gpu",
        std::to_string(count) + " ranks need as many GPUs, and " + std::to_string(request.unlike.size()) + " are named",
        "name one for each rank"};
  std::vector<RankReport> ranks;
  Exact own = exact;
  for (std::int64_t number = 0; number < count; ++number) {
    const hardware::Gpu& gpu = request.unlike[std::size_t(number)];
    own.deployment.gpu.total = gpu.total;
    own.deployment.gpu.free = gpu.free;
    const std::int64_t stage = number / parallel.tensor % parallel.pipeline;
    RankReport rank = rank_budget(own, std::size_t(stage), corrections(request.calibration, own.deployment));
    rank.rank = number;
    rank.tp_rank = number % parallel.tensor;
    rank.gpu = gpu.id.empty() ? gpu.name : gpu.id;
    ranks.push_back(std::move(rank));
  }
  return ranks;
}

std::vector<RankReport> deciding(const std::vector<RankReport>& ranks, std::size_t stages) {
  std::vector<std::optional<RankReport>> least(stages);
  for (const RankReport& rank : ranks) {
    std::optional<RankReport>& found = least[std::size_t(rank.pp_rank)];
    if (!found || rank.available_kv.bytes < found->available_kv.bytes) found = rank;
  }
  std::vector<RankReport> result;
  for (std::optional<RankReport>& each : least)
    if (each) result.push_back(*std::move(each));
  return result;
}

}  // namespace vram::plan
