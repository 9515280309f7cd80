#include "memory/placement.h"

#include <numeric>

namespace vram::memory {
namespace {

enum class Remainder { kLastStage, kBeforeLastBackwards };

constexpr vllm::Step<Remainder> kRemainder[] = {
    {{}, Remainder::kLastStage, "vllm v0.6.6 vllm/distributed/utils.py get_pp_indices"},
    {{2025, 2, 25}, Remainder::kBeforeLastBackwards, "https://github.com/vllm-project/vllm/commit/145944cb94"},
};
static_assert(vllm::well_formed(kRemainder));

}  // namespace

Result<std::vector<Stage>> pipeline_stages(std::int64_t layers, const Parallel& parallel, vllm::Date as_of) {
  const std::int64_t count = parallel.pipeline;
  std::vector<std::int64_t> sizes = parallel.partition;
  if (sizes.empty()) {
    sizes.assign(std::size_t(count), layers / count);
    const std::int64_t remainder = layers % count;
    switch (vllm::in_force(kRemainder, as_of)) {
      case Remainder::kLastStage:
        sizes.back() += remainder;
        break;
      case Remainder::kBeforeLastBackwards:
        for (std::int64_t i = 0; i < remainder; ++i) ++sizes[std::size_t(count - 2 - i)];
        break;
    }
  }
  // In the words of Python's f"{expression=}".
  const auto refused = [](const std::string& words) { return Error{ErrorCode::kRefused, "", words, ""}; };
  if (std::int64_t(sizes.size()) != count)
    return refused("len(partitions)=" + std::to_string(sizes.size()) +
                   " does not match pp_size=" + std::to_string(count) + ".");
  const std::int64_t sum = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  if (sum != layers)
    return refused("sum(partitions)=" + std::to_string(sum) +
                   " does not match num_hidden_layers=" + std::to_string(layers) + ".");
  std::vector<Stage> stages;
  std::int64_t begin = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    stages.push_back({i, count, begin, begin + sizes[std::size_t(i)]});
    begin = stages.back().end;
  }
  return stages;
}

}  // namespace vram::memory
