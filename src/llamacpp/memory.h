// What a started llama-server keeps in memory: caches exactly, the compute buffer by what its graphs hold at once.
#pragma once

#include <cstdint>

#include "llamacpp/model.h"
#include "llamacpp/settings.h"

namespace vram::llamacpp {

/// How many tokens the caches hold.
struct Cells {
  std::int64_t sequences = 1;  // that run at once
  std::int64_t streams = 1;    // caches: one that all share, or one each
  Tokens context;              // of all sequences
  Tokens each;                 // of one stream
  Tokens window;               // of one stream, in the layers that have one
  std::int64_t ubatch = 512;
};

/// source  llama.cpp 0c1e57098b (2026-10-01): src/llama-context.cpp, src/llama-kv-cache-iswa.cpp
Cells cells_of(const Model& model, const Settings& settings, Tokens context);

struct Cache {
  Bytes keys, values, state;
  [[nodiscard]] Bytes total() const { return keys + values + state; }
};

/// One layer's cache.
///   widest_value  over all layers: without flash attention values are stored transposed, all as wide
///   source        the same: src/llama-kv-cache.cpp, src/llama-memory-recurrent.cpp
Cache cache_of(const Layer& layer, const Settings& settings, const Cells& cells, std::int64_t widest_value);

/// The most that the tensors of one graph take at once.
///   source  fitted to buffers that llama.cpp itself reserved (tests/golden/llamacpp.jsonl): 5 % for most, 20 % for
///           latent attention and narrow experts
Bytes compute_buffer(const Model& model, const Settings& settings, const Cells& cells);

}  // namespace vram::llamacpp
