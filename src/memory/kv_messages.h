// vLLM's sentences about the KV cache, word for word, by release.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "units/quantity.h"
#include "vllm/release.h"

namespace vram::memory {

/// GiB as the release prints them: "16.00" before 0.14, "16.0" from then on.
std::string printed_gib(Bytes bytes, vllm::Date as_of);

// What Python shows for exceptions that vLLM raises without a word.
inline constexpr const char* kNotImplemented = "NotImplementedError";
inline constexpr const char* kAssertionError = "AssertionError";

inline constexpr const char* kHybridManagerDisabled =
    "Hybrid KV cache manager is disabled for this hybrid model, This means we do not enable any optimizations for "
    "saving KV cache memory (e.g., dropping the KV cache outside the sliding window). The compute of layers like "
    "sliding window is still saved.";
inline constexpr const char* kFullAllocation =
    "KV cache page sizes cannot be unified; treating sliding-window layers as full attention for cache allocation. "
    "Sliding-window attention compute is unchanged.";
inline constexpr const char* kNoContextParallelWindow = "DCP not support sliding window.";

/// "Add 4 padding layers, may waste at most 13.33% KV cache memory"
std::string padding_layers(std::int64_t padding, std::int64_t layers);
std::string hidden_block(std::int64_t block, const std::string& layer, Bytes wasted, Bytes page);
std::string overridden(std::int64_t blocks, std::int64_t override);
std::string multiplied(std::int64_t ranks, vllm::Date as_of);

// Refusals.
std::string no_memory(vllm::Date as_of);
std::string too_long(Tokens length, Bytes needed, Bytes memory, Tokens estimate, vllm::Date as_of);
std::string page_mismatch(const std::string& layer, vllm::Date as_of);
std::string layout_cannot(const std::string& layout, const std::vector<Bytes>& pages);

// --max-model-len auto.
std::string fitted(Tokens full, Tokens length, Bytes memory, vllm::Date as_of);
std::string fitted_without_cache(Tokens full, vllm::Date as_of);
std::string cannot_fit(vllm::Date as_of);

}  // namespace vram::memory
