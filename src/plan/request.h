// One question: which model, on which GPUs, started how. Every way in builds this.
#pragma once

#include <memory>
#include <optional>

#include "hardware/gpu.h"
#include "json/value.h"
#include "memory/overheads.h"
#include "plan/calibration.h"
#include "readers/config_json.h"
#include "vllm/release.h"

namespace vram::plan {

/// What the user wants to serve; judged apart from what vLLM demands to start.
struct Workload {
  std::int64_t concurrent_requests = 0;
  std::int64_t context_tokens = 0;
};

/// A GPU and how many of it.
struct GpuChoice {
  hardware::Gpu gpu;
  std::int64_t count = 0;  // 0: as many as the parallel sizes need
};

struct Request {
  std::shared_ptr<const ModelSource> model;
  vllm::Engine engine = vllm::newest();
  hardware::Gpu gpu;
  std::int64_t gpu_count = 0;  // 0: as many as the parallel sizes need
  json::Object args;           // vLLM's serve arguments by name, as given
  std::optional<Workload> workload;
  Calibration calibration;                             // of this machine; without a name it says nothing
  std::shared_ptr<const memory::Overheads> overheads;  // in place of those that are compiled in
};

}  // namespace vram::plan
