// The table of what each attention backend takes, by release.
#pragma once

#include <cstdint>
#include <string_view>

#include "memory/attention_backends.h"

namespace vram::memory {

/// What a backend takes on a day, apart from combinations.
struct Support {
  bool mla = false, sparse = false;
  bool dtype = false;             // of the model
  bool cache = false;             // the cache dtype's name is known to it; FlashAttention asks its version besides
  bool head = false;              // the head size
  bool capability = false;        // of the GPU
  bool context_parallel = false;  // decode context parallelism
};

/// `backend` is one of those that are found by asking, no composite.
///
///   source  vllm/v1/attention/backends: supported_dtypes, supported_kv_cache_dtypes, get_supported_head_sizes,
///           supports_compute_capability (from 0.11.1), supports_dcp (from 0.30)
Support support(AttentionBackend backend, Dtype dtype, std::string_view cache_dtype, std::int64_t head_size,
                const Platform& platform);

}  // namespace vram::memory
