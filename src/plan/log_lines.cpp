#include "plan/log_lines.h"

#include <algorithm>
#include <cmath>

#include "memory/kv_messages.h"
#include "units/text.h"

namespace vram::plan {
namespace {

constexpr vllm::Step<bool> kNamesDevice[] = {
    {{}, false, "vllm v0.10.2 vllm/v1/worker/gpu_worker.py init_device"},
    {{2026, 1, 6}, true, "vllm v0.14.1 vllm/v1/worker/utils.py request_memory"},
};
static_assert(vllm::well_formed(kNamesDevice));

enum class LoadingText { kGigabytes, kFourDecimals, kMemory };

constexpr vllm::Step<LoadingText> kLoadingText[] = {
    {{}, LoadingText::kGigabytes, "vllm v0.6.6 vllm/worker/model_runner.py load_model"},
    {{2025, 3, 17},
     LoadingText::kFourDecimals,
     "~ vllm v0.9.2 and v0.10.2 vllm/v1/worker/gpu_model_runner.py load_model"},
    {{2026, 1, 7}, LoadingText::kMemory, "https://github.com/vllm-project/vllm/commit/c907d22158"},
};
static_assert(vllm::well_formed(kLoadingText));

constexpr vllm::Step<bool> kPrintsAvailable[] = {
    {{}, false, "vllm v0.8.5 vllm/v1/worker/gpu_worker.py determine_available_memory"},
    {{2025, 6, 5}, true, "~ vllm v0.9.1 vllm/v1/worker/gpu_worker.py determine_available_memory"},
};
static_assert(vllm::well_formed(kPrintsAvailable));

constexpr vllm::Step<bool> kExplainsGraphs[] = {
    {{}, false, "vllm v0.20 vllm/v1/worker/gpu_worker.py"},
    {{2026, 4, 21}, true, "https://github.com/vllm-project/vllm/pull/38284"},
};
static_assert(vllm::well_formed(kExplainsGraphs));

/// Python's str(round(x, 2)) of GiB: in the refusal for free memory all releases print it.
std::string rounded_gib(Bytes bytes) {
  std::string text = fixed(gib(bytes), 2);
  if (text.ends_with('0')) text.pop_back();
  return text;
}

/// Python's round(x, 4).
double round4(double value) { return *read_number(fixed(value, 4)); }

}  // namespace

std::string free_memory_refusal(Bytes free, Bytes total, double utilization, Bytes requested, vllm::Date as_of) {
  const std::string device = vllm::in_force(kNamesDevice, as_of) ? "device cuda:0" : "device";
  return "Free memory on " + device + " (" + rounded_gib(free) + '/' + rounded_gib(total) +
         " GiB) on startup is less than desired GPU memory utilization (" + python_float(utilization) + ", " +
         rounded_gib(requested) +
         " GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.";
}

std::string model_loading_line(Bytes bytes, vllm::Date as_of) {
  switch (vllm::in_force(kLoadingText, as_of)) {
    case LoadingText::kGigabytes:
      return "Loading model weights took " + fixed(gib(bytes), 4) + " GB";
    case LoadingText::kFourDecimals:
      return "Model loading took " + fixed(gib(bytes), 4) + " GiB";
    case LoadingText::kMemory:
      return "Model loading took " + memory::printed_gib(bytes, as_of) + " GiB memory";
  }
  return {};
}

std::optional<std::string> available_line(Bytes bytes, vllm::Date as_of) {
  if (!vllm::in_force(kPrintsAvailable, as_of)) return std::nullopt;
  return "Available KV cache memory: " + memory::printed_gib(bytes, as_of) + " GiB";
}

std::optional<std::string> graph_profiling_line(double utilization, Bytes reserved, Bytes total, vllm::Date as_of) {
  if (reserved <= Bytes(0) || !vllm::in_force(kExplainsGraphs, as_of)) return std::nullopt;
  const double share = double(reserved.count()) / double(total.count());
  const double equivalent = round4(utilization - share), suggested = std::min(round4(utilization + share), 1.0);
  return "CUDA graph memory profiling is enabled (default since v0.21.0). The current --gpu-memory-utilization=" +
         fixed(utilization, 4) + " is equivalent to --gpu-memory-utilization=" + fixed(equivalent, 4) +
         " without CUDA graph memory profiling. To maintain the same effective KV cache size as before, increase "
         "--gpu-memory-utilization to " +
         fixed(suggested, 4) + ". To disable, set VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS=0.";
}

}  // namespace vram::plan
