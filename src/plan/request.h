// One question: which model, on which GPUs, started how. Every way in builds this.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

/// What is on a GPU before a start-up.
struct Tenant {
  std::string name;
  Bytes held;
};

/// A GPU and how many of it.
struct GpuChoice {
  hardware::Gpu gpu;                       // the smallest where they differ
  std::int64_t count = 0;                  // 0: as many as the parallel sizes need
  std::vector<hardware::Gpu> unlike = {};  // each, where they are not all the same
};

struct Request {
  std::shared_ptr<const ModelSource> model;
  std::shared_ptr<const ModelSource> draft;  // what speculative_config names as its model; null where it names none
  vllm::Engine engine = vllm::newest();
  hardware::Gpu gpu;
  std::int64_t gpu_count = 0;         // 0: as many as the parallel sizes need
  std::vector<hardware::Gpu> unlike;  // by rank, where they are not all the same: `gpu` is then the smallest
  std::vector<Tenant> tenants;        // what is on the GPU already: its free memory is without it
  std::vector<std::pair<std::string, std::string>> environment;  // VLLM_…
  json::Object args;                                             // vLLM's serve arguments by name, as given
  std::optional<Workload> workload;
  Calibration calibration;                             // of this machine; without a name it says nothing
  std::shared_ptr<const memory::Overheads> overheads;  // in place of those that are compiled in
};

}  // namespace vram::plan
