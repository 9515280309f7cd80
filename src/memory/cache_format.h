// What a kv_cache_dtype stores for one token of one head: element type, packing and scales.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/dtype.h"
#include "units/quantity.h"
#include "vllm/release.h"

namespace vram::memory {

struct CacheFormat {
  enum class Mode : std::uint8_t {
    kPlain,             // one element each; 16 or 32 bits, or one byte with a scale for the whole tensor
    kPerTokenHead,      // one byte each and a float32 scale per token, head and side
    kInt4PerTokenHead,  // two to a byte, and the same scales
    kNvfp4,             // two to a byte, and a byte of scale for every 16
    kTurboquant,        // keys and values packed into one slot
  };
  Mode mode = Mode::kPlain;
  Dtype element = Dtype::kBfloat16;
  int key_bits = 0, value_bits = 0;  // kTurboquant
};

/// "auto" is the model's dtype; a name without a format of its own stores bytes.
CacheFormat cache_format(std::string_view cache_dtype, Dtype model_dtype);

/// vLLM's is_quantized_kv_cache.
bool is_quantised_cache(std::string_view cache_dtype, vllm::Date as_of);

/// Bytes of the key and the value of one head and token.
///
///   source  vllm/v1/kv_cache_interface.py, AttentionSpec; customize_spec of the backends (from 0.28)
Bytes head_bytes(const CacheFormat& format, std::int64_t key_width, std::int64_t value_width);

/// Bytes of one latent row.
///
///   source  the same, MLAAttentionSpec; fp8_ds_mla and nvfp4_ds_mla: vllm/v1/attention/backends/mla/flashmla_sparse.py
Bytes latent_bytes(std::string_view cache_dtype, const CacheFormat& format, std::int64_t width);

}  // namespace vram::memory
