// What llama-server does with GPU memory: which layers go where, what each byte is for, whether it starts.
#pragma once

#include <string>
#include <vector>

#include "hardware/gpu.h"
#include "llamacpp/memory.h"
#include "llamacpp/model.h"
#include "llamacpp/settings.h"
#include "memory/estimate.h"
#include "plan/report.h"

namespace vram::llamacpp {

/// The code that the rules were read from.
inline constexpr const char* kRelease = "0c1e57098b";
inline constexpr const char* kAsOf = "2026-10-01";

struct Request {
  Model model;
  Settings settings;
  Bytes projector;  // weights of a vision tower; 0 without one
  hardware::Gpu gpu;
  std::int64_t gpu_count = 1;
};

/// One GPU, or the host.
struct Device {
  std::int64_t layers = 0;  // the output is not one of them
  Bytes weights, projector;
  Cache cache;
  memory::Estimate compute, context;

  [[nodiscard]] Bytes used() const { return weights + projector + cache.total() + compute.bytes + context.bytes; }
  [[nodiscard]] Bytes low() const { return used() - compute.bytes - context.bytes + compute.low + context.low; }
  [[nodiscard]] Bytes high() const { return used() - compute.bytes - context.bytes + compute.high + context.high; }
};

struct Report {
  Request request;
  Settings resolved;  // with the context and the layers that were chosen
  Cells cells;
  std::vector<Device> gpus;
  Device host;      // what stays there; its compute buffer is not counted
  Bytes available;  // of each GPU
  plan::Verdict verdict;
  std::vector<plan::Assumption> assumptions;
  std::vector<std::string> log;

  [[nodiscard]] const Device& fullest() const;
  [[nodiscard]] std::int64_t layers_on_gpu() const;  // the output is one of them
};

/// Same request, same report. What is not given is chosen as llama-server's --fit does: first the context, then the
/// layers, until 1 GiB is free.
///
///   errors  kBadInput for rows of a cache that the chosen type cannot hold
///   source  llama.cpp 0c1e57098b (2026-10-01): common/fit.cpp, src/llama-model.cpp, src/llama-context.cpp
Result<Report> plan(const Request& request);

}  // namespace vram::llamacpp
