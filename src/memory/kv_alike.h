// Which layers may share one block table: vLLM's merging of specs and its "uniform type".
#pragma once

#include <optional>
#include <span>
#include <string>

#include "memory/kv_spec.h"
#include "vllm/release.h"

namespace vram::memory {

/// What merging specs gives: one spec, nothing where they are unlike, or vLLM's refusal.
struct Merge {
  std::optional<KvSpec> spec;
  std::optional<std::string> refusal;
};

/// One spec for all of `specs`, distinct and in order of appearance; full attention may differ in its window.
///
///   source  vllm/v1/kv_cache_interface.py, merge of each class; up to 0.10.0 type_id
Merge merge_specs(std::span<const KvSpec> specs, vllm::Date as_of);

/// Whether layers of these specs always need the same number of blocks, whatever their pages.
///
///   source  vllm/v1/kv_cache_interface.py, UniformTypeKVCacheSpecs.is_uniform_type (from 0.11)
bool uniform_type(std::span<const KvSpec> specs, vllm::Date as_of);

}  // namespace vram::memory
