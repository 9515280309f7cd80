// Layers whose specs vLLM changes so that they fit together: windows planned as full attention, pages made equal.
#pragma once

#include <variant>

#include "memory/kv_layers.h"

namespace vram::memory {

/// Changed layers, or why vLLM stops.
struct Unified {
  KvLayers layers;
  std::optional<std::string> refusal;
  bool page_mismatch = false;  // the refusal is about pages that no padding makes equal
};

/// Windowed and chunked layers planned as full attention, as without the hybrid manager. Appends what vLLM logs.
///
///   source  vllm/v1/core/kv_cache_utils.py, unify_hybrid_kv_cache_specs
Unified without_hybrid_manager(KvLayers layers, vllm::Date as_of, std::vector<std::string>& log);

/// The same layers with windows planned as full attention; nothing said.
Unified promote_local(KvLayers layers, vllm::Date as_of);

/// Up to 0.9.0 there is no hybrid manager: windows next to full attention are always planned as full attention.
bool always_promotes(vllm::Date as_of);

/// Every page as large as the largest, by longer blocks or by padding.
///
///   source  vllm/v1/core/kv_cache_utils.py, unify_kv_cache_spec_page_size (from 0.12)
Unified equal_pages(KvLayers layers, vllm::Date as_of);

/// The largest page of `layers`, which are not empty.
Bytes largest_page(const KvLayers& layers);

}  // namespace vram::memory
