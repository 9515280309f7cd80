// The one layout that all caches of a model are laid out in, from 0.29.
#pragma once

#include <string>
#include <vector>

#include "memory/attention_backends.h"
#include "units/result.h"

namespace vram::memory {

/// The layout's name; empty before layouts were chosen.
///
///   backends  of the stage, each once, in the order of layers
///   errors    kRefused with vLLM's words: no layout suits all of them
///   source    vllm/v1/attention/backends/utils.py, get_supported_kv_cache_layouts and resolve_kv_cache_layout
Result<std::string> cache_layout(const std::vector<AttentionBackend>& backends, const Platform& platform);

}  // namespace vram::memory
