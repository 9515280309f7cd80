#include "llamacpp/max_context.h"

#include <algorithm>

namespace vram::llamacpp {
namespace {

constexpr std::int64_t kStep = 256;  // what a cache's cells are padded to

}  // namespace

Result<MaxContext> max_context(const Request& request) {
  Request trial = request;
  trial.settings.fit = false;
  if (!trial.settings.gpu_layers) trial.settings.gpu_layers = std::int64_t(request.model.layers.size()) + 1;
  const bool shared = trial.settings.unified || !trial.settings.parallel;
  const std::int64_t streams = shared ? 1 : *trial.settings.parallel;
  const auto at = [&](std::int64_t steps) {
    trial.settings.context = Tokens(steps * kStep * streams);
    return plan(trial);
  };
  const std::int64_t most = std::max<std::int64_t>(1, ceil_div(request.model.trained_context.count(), kStep));
  std::int64_t low = 0, high = most;
  while (low < high) {
    const std::int64_t middle = high - (high - low) / 2;
    const auto report = at(middle);
    if (!report) return report.error();
    if (report->verdict.fits)
      low = middle;
    else
      high = middle - 1;
  }
  auto report = at(std::max<std::int64_t>(low, 1));
  if (!report) return report.error();
  return MaxContext{Tokens(std::min(low * kStep, request.model.trained_context.count())), low == most,
                    *std::move(report)};
}

}  // namespace vram::llamacpp
