// Adapter slots: the matrices that vLLM allocates for every LoRA adapter it may hold at once.
#pragma once

#include "memory/weights.h"

namespace vram::memory {

struct LoraSlots {
  std::int64_t adapters = 1;  // max_loras
  std::int64_t rank = 16;     // max_lora_rank
  bool fully_sharded = false;
};

/// Bytes of the slots of one stage's rank. For each part of a linear layer of `in` columns and `out` rows: A of
/// rank x in and B of out x rank. Column-parallel layers have all of A, row-parallel ones all of B; embeddings and head
/// are not divided; experts have both for each expert. Towers take no adapters.
///
///   errors  kRefused with vLLM's words where a size does not divide
///   source  vllm v0.33.0 vllm/lora/layers
Result<Bytes> lora_slots(const Model& model, const Parallel& parallel, const Stage& stage, const Platform& platform,
                         const LoraSlots& slots);

}  // namespace vram::memory
