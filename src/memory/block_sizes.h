// Tokens to a block, and how the pages of unlike caches are made to fit one another, as vLLM's configuration has it
// before any spec is made.
#pragma once

#include <optional>
#include <vector>

#include "memory/attention_backends.h"
#include "memory/kv_settings.h"
#include "units/result.h"

namespace vram::memory {

/// What one token takes in one layer of attention, as vLLM's model configuration counts heads and their width.
struct TokenPages {
  Bytes token;                   // in the cache's format
  std::optional<Bytes> skipped;  // in the model's dtype, where some layers keep that
  Bytes beside_states;           // `token` as recurrent states are fitted to it
};

/// The recurrent layers of a model that has attention too.
struct RecurrentPages {
  Bytes state;             // the largest
  std::int64_t chunk = 0;  // tokens that the kernels of mode "all" run through at once
  std::int64_t checkpoint_alignment = 1;
};

struct BlockSizes {
  Tokens block{16};                   // cache_config.block_size
  Tokens mamba_block;                 // cache_config.mamba_block_size
  std::optional<Bytes> mamba_page;    // cache_config.mamba_page_size_padded
  std::optional<Bytes> skipped_page;  // cache_config.skip_page_size_padded
};

struct BlockQuestion {
  const KvShape& settings;
  Tokens max_model_len;                    // what a state's block is as long as, where nothing else decides
  const AttentionContext& context;         // of the target
  std::vector<AttentionBackend> backends;  // of the stage's attention, each once, in the order of layers
  bool latent = false;                     // MLA
  TokenPages pages;
  std::optional<RecurrentPages> recurrent;
};

/// Whether backends are chosen before block sizes. They were chosen after them up to 0.17.
bool backends_come_first(vllm::Date as_of);

/// Whether a recurrent layer's block is as long as the longest request, where nothing else makes it longer.
bool state_blocks_follow_length(const KvShape& settings, vllm::Date as_of);

/// vLLM's mamba_cache_mode: before 0.16 it followed from prefix caching.
std::string_view mamba_cache_mode(const KvShape& settings, vllm::Date as_of);

/// Block sizes while backends are not chosen yet, which is all there is up to 0.17 and of which 0.18 and 0.19 keep the
/// recurrent part. `question.backends` is not read.
///
///   source  vllm/model_executor/models/config.py, MambaModelConfig and HybridAttentionMambaModelConfig
BlockSizes configured_block_sizes(const BlockQuestion& question);

/// Block sizes once every layer has its backend.
///
///   errors  kRefused with vLLM's words: no block suits all backends
///   source  vllm/platforms/interface.py, update_block_size_for_backend (from 0.18)
Result<BlockSizes> block_sizes(const BlockQuestion& question);

}  // namespace vram::memory
