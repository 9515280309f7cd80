// What a recurrent layer keeps of a sequence on one rank: a page of fixed size, whatever the length.
#pragma once

#include <optional>

#include "memory/attention_backends.h"
#include "memory/kv_settings.h"
#include "memory/placement.h"
#include "model/layer_cache.h"
#include "units/quantity.h"

namespace vram::memory {

/// States that a layer can hand over from the middle of a prompt, in mamba_cache_mode "align".
struct StateCheckpoints {
  std::int64_t alignment = 1;  // tokens between the places where it can
  bool at_block_ends = false;  // only there, and blocks are whole alignments
};

struct RecurrentState {
  AttentionBackend backend = AttentionBackend::kMamba2;
  Bytes bytes;              // one state, before padding
  bool replicated = false;  // every rank holds it whole
  std::optional<StateCheckpoints> checkpoints;
};

/// Nothing for a layer of attention.
///
///   shape   convolution [channels / tp, kernel - 1 (+ draft tokens)], then a matrix a head or channel
///   errors  none: that heads divide by tp is checked where the weights are
///   source  vllm v0.33.0 model_executor/layers/mamba/mamba_utils.py, MambaStateShapeCalculator and
///           MambaStateDtypeCalculator; get_kv_cache_spec of the layers
std::optional<RecurrentState> recurrent_state(const LayerCache& cache, std::int64_t tensor_ranks,
                                              const Platform& platform, const KvShape& settings);

}  // namespace vram::memory
