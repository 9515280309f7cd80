#include "memory/kv_spec.h"

#include <algorithm>

namespace vram::memory {

Result<KvSpecs> kv_specs(const Model& model, const Model*, const Parallel& parallel, const Stage& stage,
                         const Platform&, const KvSettings& settings) {
  KvSpecs specs;
  specs.layer_prefix = model.layer_prefix;
  specs.backends.block_size = settings.block_size.value_or(Tokens(16));
  for (std::int64_t i = stage.begin; i < stage.end; ++i)
    for (const CacheLayer& cache : model.kinds[std::size_t(model.layers[std::size_t(i)])].caches) {
      const auto* full = std::get_if<FullAttention>(&cache.cache);
      if (!full) return Error{ErrorCode::kUnsupported, "", "this kind of cache is not modelled yet", ""};
      KvSpec spec;
      spec.block_size = specs.backends.block_size;
      spec.kv_heads = std::max<std::int64_t>(full->heads.kv_heads / parallel.tensor, 1);
      spec.head_size = full->heads.key_width;
      spec.head_size_v = full->heads.value_width;
      spec.dtype = settings.cache_dtype == "auto" ? settings.model_dtype : Dtype::kUint8;
      spec.cache_dtype = settings.cache_dtype;
      spec.page =
          Bytes(width(spec.dtype)) * (spec.head_size + spec.head_size_v) * spec.kv_heads * spec.block_size.count();
      specs.layers.push_back({i, cache.name, spec, false});
    }
  return specs;
}

}  // namespace vram::memory
