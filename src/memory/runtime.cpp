#include "memory/runtime.h"

#include <algorithm>

namespace vram::memory {
namespace {

constexpr Bytes gibibytes(double amount) { return Bytes(std::int64_t(amount * double(kGiB))); }

struct Range {
  double value, low, high;  // GiB
};

Estimate estimate(const Range& range) { return {gibibytes(range.value), gibibytes(range.low), gibibytes(range.high)}; }

/// The first figure is one GPU's, the second that of GPUs that talk over NCCL.
struct ByRanks {
  Range alone, together;
};

// source  published start-ups of vLLM 0.6.5 … 0.30 on H100, A100, L40S, RTX 4090 and 5090 (reference table H: 24 + 40
// rows)
constexpr vllm::Step<ByRanks> kNonTorch[] = {
    {{}, {{0.16, 0.06, 1.8}, {0.4, 0.2, 3.6}}, "~ V0 and V1 up to 0.9: 0.06 to 0.33 alone, 0.25 to 3.58 together"},
    {{2025, 9, 23},
     {{0.13, 0.06, 0.26}, {0.6, 0.2, 2.5}},
     "https://github.com/vllm-project/vllm/pull/25359; 20 start-ups of Llama-3.3-70B at TP 4 on H200, 0.11.2 to "
     "0.16.0"},
    {{2026, 3, 16}, {{0.25, 0.07, 0.46}, {2.08, 0.3, 2.35}}, "38 start-ups of 0.18 and 0.19 on H100"},
};
static_assert(vllm::well_formed(kNonTorch));

/// Before the snapshot or after it: which of the two NCCL's buffers are charged to.
constexpr vllm::Step<bool> kSnapshotAfterNccl[] = {
    {{}, false, "vllm v0.10.2 vllm/v1/worker/gpu_worker.py init_device"},
    {{2025, 9, 23}, true, "https://github.com/vllm-project/vllm/pull/25359"},
};
static_assert(vllm::well_formed(kSnapshotAfterNccl));

constexpr vllm::Step<bool> kGraphsReserved[] = {
    {{}, false, "vllm v0.20 VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS=0"},
    {{2026, 4, 21}, true, "https://github.com/vllm-project/vllm/pull/38284"},
};
static_assert(vllm::well_formed(kGraphsReserved));

constexpr vllm::Step<bool> kRunnerV2Reserves[] = {
    {{}, false, "vllm v0.28 vllm/v1/worker/gpu/model_runner.py"},
    {{2026, 8, 31},
     true,
     "~ vllm v0.33.0 vllm/v1/worker/gpu/model_runner.py; the day between 0.28.0 and 0.33.0 is not known"},
};
static_assert(vllm::well_formed(kRunnerV2Reserves));

constexpr vllm::Step<bool> kBuffersGrowWithCard[] = {
    {{}, false, "Llama-3.3-70B at TP 4 on H200, 0.11.2 to 0.16.0"},
    {{2026, 3, 16}, true, "~ Llama-3.3-70B at TP 4 and DeepSeek-V3.2 at TP 8 on H200, 0.18.0 to 0.20.0: 14 start-ups"},
};
static_assert(vllm::well_formed(kBuffersGrowWithCard));

constexpr std::int64_t kSmallCard = 30 * kGiB;
constexpr std::int64_t kLargeCard = 100 * kGiB;

}  // namespace

std::vector<Bytes> card_classes() { return {Bytes(kSmallCard), Bytes(kLargeCard + 1)}; }

Estimate context(const Platform& platform, const Parallel& parallel, Bytes total) {
  if (total.count() < kSmallCard) return estimate({0.35, 0.23, 0.45});
  if (platform.capability >= 100) return estimate({0.7, 0.55, 0.9});
  if (parallel.tensor * parallel.pipeline > 1 && vllm::in_force(kSnapshotAfterNccl, platform.as_of))
    return estimate({1.53, 1.4, 2.07});
  return estimate({0.51, 0.4, 0.55});
}

Estimate non_torch(const Platform& platform, const Parallel& parallel, Bytes total) {
  const ByRanks& measured = vllm::in_force(kNonTorch, platform.as_of);
  if (parallel.tensor == 1) {
    if (total.count() < kSmallCard) return estimate({0.08, 0.05, 0.33});
    return parallel.pipeline > 1 ? estimate({0.07, 0.05, 0.3}) : estimate(measured.alone);
  }
  // Cards without NVLink skip the multi-channel buffers.
  if (total.count() < kSmallCard) return estimate({0.3, 0.2, 0.6});
  if (total.count() > kLargeCard && vllm::in_force(kBuffersGrowWithCard, platform.as_of))
    return estimate({3.05, 2.1, 3.3});
  return estimate(measured.together);
}

Estimate cuda_graphs(bool mixture, const Stage& stage, const Graphs& graphs, bool runner_v2) {
  if (graphs.captured == 0) return {};
  // source  fitted to 24 start-ups of 0.19.0 with 102 graphs: 0.35 GiB + 16.3 MiB a layer for dense models (mean error
  // 9 %)
  constexpr double kBase = 0.35, kPerGraphLayer = 0.0163 / 102;
  const double layers = double(stage.end - stage.begin);
  double amount = kBase + kPerGraphLayer * layers * double(graphs.captured) * (mixture ? 1.6 : 1.0);
  if (runner_v2) amount *= 0.4;  // 0.23 GiB for Llama-3.1-8B and 0.40 for Qwen2.5-0.5B on the V2 runner
  return Estimate::about(gibibytes(amount), 0.35, Bytes(150 * kMiB));
}

Estimate cuda_graphs_reserved(const Platform& platform, const Estimate& used, bool runner_v2, bool captures) {
  if (!captures || !vllm::in_force(kGraphsReserved, platform.as_of)) return {};
  if (runner_v2 && !vllm::in_force(kRunnerV2Reserves, platform.as_of)) return {};
  return Estimate::about(used.bytes, 0.5, Bytes(128 * kMiB));
}

}  // namespace vram::memory
