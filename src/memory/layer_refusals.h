// What an attention layer refuses once it knows its backend: cache formats that its kernels or its checkpoint's scales
// do not go with.
#pragma once

#include <optional>
#include <string_view>

#include "memory/attention_backends.h"
#include "memory/kv_settings.h"
#include "memory/placement.h"
#include "model/packing.h"
#include "units/result.h"

namespace vram::memory {

/// Before vLLM asks for the layer's backend.
///
///   cache_dtype  of this layer: "auto" where it is skipped
std::optional<Error> refused_before_backend(const KvScales& scales, std::string_view cache_dtype,
                                            const Platform& platform);

/// Once the backend is there.
std::optional<Error> refused_with_backend(AttentionBackend backend, const KvScales& scales,
                                          std::string_view cache_dtype, const AttentionContext& context,
                                          const KvShape& settings);

}  // namespace vram::memory
