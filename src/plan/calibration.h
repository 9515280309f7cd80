// What is known of one machine: by how much its own start-ups differed from the built-in estimates.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "memory/corrections.h"
#include "plan/deployment.h"

namespace vram::plan {

/// One start-up, measured less estimated; nothing where its log does not say.
struct Observation {
  std::string model;
  vllm::Engine engine;
  std::int64_t ranks = 1;  // of one replica
  double counts = 1;       // as this many start-ups
  std::optional<Bytes> model_loading, activation_peak, non_torch, cuda_graphs;
};

struct Calibration {
  std::string name;  // the profile's; empty: none
  std::vector<Observation> observations;
};

/// What `calibration` says about `deployment`. A start-up counts less the less it is like it: a tenth with another
/// number of ranks, half for each 30 days between the releases, three tenths for another model. What a model takes when
/// loaded is said by start-ups of that model on as many ranks alone.
///   source  docs/calibration.md
memory::Corrections corrections(const Calibration& calibration, const Deployment& deployment);

}  // namespace vram::plan
