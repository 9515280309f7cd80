// Every cache of a stage with the attention backend that vLLM takes for it, in the order in which vLLM registers
// layers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "memory/attention_backends.h"
#include "memory/attention_config.h"
#include "memory/kv_settings.h"
#include "model/model.h"
#include "units/result.h"

namespace vram::memory {

struct BackedCache {
  std::int64_t layer = 0;  // decoder layer; those of the draft follow the target's
  const CacheLayer* cache = nullptr;
  bool draft = false;
  bool leads_index = false;  // a sparse layer whose decoder layer has an indexer of its own
  AttentionBackend backend = AttentionBackend::kFlashAttn;
  std::string cache_dtype;  // of this layer: "auto" where it is skipped
};

struct LayerBackends {
  std::vector<BackedCache> caches;
  std::vector<AttentionBackend> all;  // of every layer, whether it has a cache of its own or not
  std::string cache_dtype;            // cache_config.cache_dtype once the layers had their say
};

/// What attention backends ask about `model` on one rank.
AttentionContext attention_context(const Model& model, const Parallel& parallel, const Platform& platform,
                                   const KvShape& settings, const AttentionConfig& config);

/// The width at which a value is stored: of old, a key's.
std::int64_t stored_value_width(const Heads& heads, vllm::Date as_of);

struct BackendQuestion {
  const Model& model;
  const Model* draft = nullptr;  // its layers are on the last stage
  const Parallel& parallel;
  const Stage& stage;
  const Platform& platform;
  const KvShape& settings;
  const AttentionConfig& config;
  std::optional<Tokens> block;  // what the selector hears of block sizes
};

/// errors  kRefused with vLLM's words where no backend takes a layer
Result<LayerBackends> layer_backends(const BackendQuestion& question);

}  // namespace vram::memory
