// Groups of unlike pages packed side by side in a block (DeepSeek-V4 and whatever has a block-outermost layout).
#pragma once

#include <optional>

#include "memory/kv_groups.h"

namespace vram::memory {

/// DeepSeek-V4 in 0.20 to 0.28: one group of all latent layers, the windows split to as many layers of a page size.
/// Nothing where the model has no latent windows.
///
///   source  vllm/v1/core/kv_cache_utils.py, group_and_unify_kv_cache_specs, _get_kv_cache_groups_uniform_groups
std::optional<std::vector<LayerGroup>> tuple_groups(const KvLayers& layers, vllm::Date as_of);

/// From 0.29: layers put greedily into buckets of one type, split so that all groups fill a block alike.
/// Nothing under a layout that is not block-outermost or where all pages are equal.
///
///   source  vllm v0.33.0 vllm/v1/core/kv_cache_planning.py, _get_packed_kv_cache_groups
std::optional<std::vector<LayerGroup>> packed_groups(const KvLayers& layers, const std::string& layout,
                                                     vllm::Date as_of);

/// Whether blocks are the outermost dimension of a kv_cache_layout such as "BLHNC".
constexpr bool block_outermost(std::string_view layout) { return layout.starts_with('B'); }

}  // namespace vram::memory
