// What one layer's cache is on one rank: vLLM's KVCacheSpec.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "memory/placement.h"
#include "model/model.h"
#include "units/quantity.h"

namespace vram::memory {

/// vLLM's cache, scheduler and speculative configuration, resolved, as far as the KV cache depends on them.
struct KvSettings {
  Dtype model_dtype = Dtype::kBfloat16;
  std::string cache_dtype = "auto";  // kv_cache_dtype after vLLM's own resolution: "auto", "fp8", "nvfp4", …
  std::vector<std::string> cache_dtype_skip_layers;  // layer numbers or "sliding_window": these keep the model's dtype
  std::optional<Tokens> block_size;                  // --block-size
  Tokens max_model_len;
  bool fit_max_model_len = false;  // --max-model-len auto: the longest that fits, at most max_model_len
  std::int64_t max_num_batched_tokens = 0;
  std::int64_t max_num_seqs = 0;
  std::int64_t max_concurrent_batches = 1;  // batches in flight: 1, 2 with async scheduling, pp (+ 1) with stages
  std::int64_t encoder_tokens = 0;          // longest encoder input of an encoder-decoder model
  bool prefix_caching = true;
  bool hybrid_manager = true;              // not disable_hybrid_kv_cache_manager, after vLLM's own decision
  bool multimodal_prefix = false;          // bidirectional attention over images: fewer backends take it
  std::string mamba_cache_mode;            // "none", "align", "all"; empty without recurrent layers
  std::optional<Tokens> mamba_block_size;  // --mamba-block-size
  std::optional<Dtype> mamba_conv_dtype;   // --mamba-cache-dtype; absent: "auto"
  std::optional<Dtype> mamba_state_dtype;  // --mamba-ssm-cache-dtype; absent: "auto", the layer's own
  std::int64_t decode_context_parallel = 1;
  std::int64_t speculative_tokens = 0;  // num_speculative_tokens; 0 without speculation
  std::string speculative_method;       // "mtp", "eagle", "eagle3", "draft_model", "ngram"; empty without speculation
  std::int64_t mtp_modules = 1;         // num_nextn_predict_layers of an "mtp" draft
  std::optional<std::int64_t> num_gpu_blocks_override;
  bool v0_engine = false;         // VLLM_USE_V1=0, or what V1 did not yet run; before 0.8 there is nothing else
  Bytes swap_space{4 * kGiB};     // a GPU, on the CPU: V0 only
  std::string attention_backend;  // --attention-backend; empty: vLLM chooses
};

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
