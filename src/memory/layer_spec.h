// From a layer's cache and its backend to vLLM's KVCacheSpec.
#pragma once

#include <optional>

#include "memory/block_sizes.h"
#include "memory/kv_spec.h"
#include "memory/layer_backends.h"

namespace vram::memory {

struct SpecContext {
  const Parallel& parallel;
  const KvShape& settings;
  const AttentionContext& attention;
  const BlockSizes& sizes;
  std::string_view cache_dtype;     // cache_config.cache_dtype
  bool states_handed_over = false;  // every recurrent layer of the stage can, at the ends of its blocks
};

/// Nothing for a layer without a cache of its own.
///
///   source  vllm/model_executor/layers/attention and vllm/models, get_kv_cache_spec of every layer;
///           vllm/v1/worker/utils.py, customize_attention_spec (from 0.28)
std::optional<KvSpec> layer_spec(const BackedCache& cache, const SpecContext& context);

}  // namespace vram::memory
