// What one layer's cache is on one rank: vLLM's KVCacheSpec.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "memory/kv_settings.h"
#include "memory/placement.h"
#include "model/model.h"
#include "units/quantity.h"

namespace vram::memory {

struct KvSpec {
  /// vLLM's spec classes. Full attention and what derives from it come first, then the others.
  enum class Kind {
    kFull,
    kSinkFull,         // with learnt tokens in front (openPangu)
    kReferenceWindow,  // the prompt and a window of what was generated
    kMla,
    kHiddenState,  // extract_hidden_states
    kSlidingWindow,
    kSlidingWindowMla,
    kChunkedLocal,
    kCircularBuffer,  // keys of the group of tokens still being compressed: a block a request
    kCross,
    kMamba
  };
  Kind kind = Kind::kFull;
  Tokens block_size;
  Bytes page;                        // of one block, before padding
  std::optional<Bytes> page_padded;  // wins over `page` where present
  std::int64_t kv_heads = 0, head_size = 0, head_size_v = 0;
  Dtype dtype = Dtype::kBfloat16;
  std::string cache_dtype;  // "fp8_ds_mla", "fp8", …: caches of unlike formats are unlike specs
  std::optional<Tokens> window, chunk;
  Tokens retained;                    // tokens kept below the window; the planner's to set
  std::int64_t compress_ratio = 1;    // tokens a stored row stands for (DeepSeek-V4)
  std::int64_t page_alignment = 1;    // bytes: every new block size pads the page to it (DeepSeek-V4)
  std::int64_t stride_alignment = 1;  // bytes to which a block's stride is rounded up
  std::int64_t stride_kernel_block =
      0;                                // tokens: the stride is whole kernel blocks of at most so many; 0: no such rule
  bool block_strided = false;           // indexes_kv_by_block_stride (0.24 to 0.28): the page may be padded
  bool bounded_replay = false;          // replays its window instead of caching prefixes (DeepSeek-V4.1)
  std::string mamba_kind, mamba_mode;   // kMamba
  std::int64_t speculative_blocks = 0;  // kMamba: extra state blocks a request may hold
  std::int64_t checkpoint_blocks = 0;   // kMamba in align mode
  std::int64_t checkpoint_alignment = 0;  // kMamba: tokens; 0: no checkpoints
  bool tp_replicated = false;             // kMamba: every rank holds the whole state
  bool leads_index = false;               // kMla: the layer has an indexer of its own (from 0.30)
  bool dcp_sharded = true;

  [[nodiscard]] Bytes page_size() const { return page_padded.value_or(page); }
  friend bool operator==(const KvSpec&, const KvSpec&) = default;
};

/// One layer's spec with its place in the order in which vLLM registers layers.
struct KvLayer {
  std::int64_t layer = 0;  // decoder layer; those of the draft follow the target's
  std::string_view name;   // within the layer
  KvSpec spec;
  bool draft = false;  // belongs to the speculative model
};

/// The attention backend that vLLM chooses for a layer, and what it asks of block sizes.
struct KvBackends {
  std::vector<std::pair<std::string, std::int64_t>> layers;  // backend -> number of layers
  Tokens block_size;                                         // cache_config.block_size after the backend had its say
  std::string cache_dtype;                                   // cache_config.cache_dtype, likewise
  std::string layout;  // kv_cache_layout: "LBNHC", "BLHNC"; empty before it existed
};

struct KvSpecs {
  std::vector<KvLayer> layers;
  std::string layer_prefix;  // "model.layers": vLLM's messages name layers in full
  KvBackends backends;
};

/// The specs of one stage's layers in vLLM's order. `draft`'s layers, if any, are on the last stage.
///
///   errors  kRefused with vLLM's words where no attention backend takes the layer
Result<KvSpecs> kv_specs(const Model& model, const Model* draft, const Parallel& parallel, const Stage& stage,
                         const Platform& platform, const KvSettings& settings);

}  // namespace vram::memory
