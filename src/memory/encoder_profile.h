// What the encoder of a multimodal model takes while vLLM profiles: one batch of the longest items.
#pragma once

#include "memory/placement.h"
#include "memory/weights.h"
#include "model/model.h"

namespace vram::memory {

struct EncoderProfile {
  std::int64_t patches = 0;
  Bytes inputs;   // pixel values, kept until the profile ends
  Bytes outputs;  // embeddings in the encoder cache, kept likewise
  Bytes running;  // beside them, at the widest point of the tower
};

/// How wide a tower is in use: figures of data/overheads/activation_peak.json.
struct EncoderConstants {
  double rows = 0;  // tower-wide rows that live beside the feed-forward layer's
  Bytes base;
};

/// Nothing for text models, for towers that are left out and for classes whose longest item is not known here.
///
///   budget  max_num_batched_tokens: as many items as it holds, at least one
///   source  vllm/v1/worker/gpu_model_runner.py profile_run; vllm/multimodal/encoder_budget.py
EncoderProfile encoder_profile(const Model& model, const Parallel& parallel, const Stage& stage, const Towers& towers,
                               std::int64_t budget, const EncoderConstants& constants);

}  // namespace vram::memory
