// The peak of the profiling run: what vLLM allocates for one forward pass at the largest batch, and for sampling.
#pragma once

#include <string>

#include "memory/estimate.h"
#include "memory/placement.h"
#include "model/model.h"

namespace vram::memory {

/// The batch that vLLM profiles with.
struct ProfileRun {
  std::int64_t tokens = 0;     // max_num_batched_tokens
  std::int64_t sequences = 0;  // max_num_seqs
  std::int64_t max_model_len = 0;
  std::int64_t encoder_tokens = 0;  // multimodal: longest item, 0 when no encoder runs
  bool runner_v2 = false;
  bool pooling = false;
  int multiprocessors = 132;
};

/// What of a model decides its activations on a rank, whatever the batch.
struct ActivationShape {
  double widest_layer = 0;  // elements that a token needs inside it
  Bytes expert_workspace;   // both workspaces of the modular kernel for a token, at the largest expert layer
  bool mixture = false;     // has routed experts
};
ActivationShape activation_shape(const Model& model, const Parallel& parallel);

struct Activations {
  Estimate peak;
  Bytes forward, sampling, persistent;  // the terms of it: peak = max(forward, sampling) + persistent
};

/// source  fitted to 35 published start-ups of vLLM 0.19.0 on an H100 (mean error 0.9 %): see docs/model.md
Activations activation_peak(const Model& model, const ActivationShape& shape, const Stage& stage,
                            const Platform& platform, const ProfileRun& run);

}  // namespace vram::memory
