// The peak of the profiling run: what vLLM allocates for one forward pass at the largest batch, and for sampling.
#pragma once

#include <string>

#include "memory/encoder_profile.h"
#include "memory/overheads.h"
#include "memory/placement.h"
#include "model/model.h"

namespace vram::memory {

/// The batch that vLLM profiles with.
struct ProfileRun {
  std::int64_t tokens = 0;     // max_num_batched_tokens
  std::int64_t sequences = 0;  // max_num_seqs
  std::int64_t max_model_len = 0;
  bool encoder = false;  // the encoder runs, towers that are held permitting
  bool runner_v2 = false;
  bool pooling = false;
  int multiprocessors = 132;
};

/// What of a model decides its activations on a rank, whatever the batch.
struct ActivationShape {
  double widest_layer = 0;  // elements that a token needs inside it
  bool mixture = false;     // has routed experts
  bool streams = false;     // several residual streams through every layer
  bool sparse = false;      // an indexer picks the tokens that are attended to
};
ActivationShape activation_shape(const Model& model, const Parallel& parallel);

/// One pass of `tokens` through the layers of a stage, at its widest point; what outlives it is not in it.
Bytes forward_pass(const Model& model, const ActivationShape& shape, const Parallel& parallel, const Stage& stage,
                   const Platform& platform, std::int64_t tokens, const ActivationConstants& constants);

/// peak = max(encoder, max(forward, sampling) + persistent). From mid-July 2026 on vLLM counts what persists as
/// consumed, with its non-torch memory; then `persistent` is `consumed` instead.
struct Activations {
  Bytes peak;
  Bytes encoder, forward, sampling, persistent, consumed;
};

/// source  docs/model.md; the constants are data/overheads/activation_peak.json
Activations activation_peak(const Model& model, const ActivationShape& shape, const Parallel& parallel,
                            const Stage& stage, const Platform& platform, const ProfileRun& run, const Towers& towers,
                            const ActivationConstants& constants);

}  // namespace vram::memory
