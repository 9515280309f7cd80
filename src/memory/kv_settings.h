// What vLLM's configuration says about the KV cache, resolved.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/dtype.h"
#include "units/quantity.h"

namespace vram::memory {

/// What decides the specs of a model's layers and how they are grouped: with equal shapes both are equal, but for
/// recurrent layers, whose blocks may be as long as a request.
struct KvShape {
  Dtype model_dtype = Dtype::kBfloat16;
  std::string cache_dtype = "auto";  // kv_cache_dtype after vLLM's own resolution: "auto", "fp8", "nvfp4", …
  std::vector<std::string> cache_dtype_skip_layers;  // layer numbers or "sliding_window": these keep the model's dtype
  std::optional<Tokens> block_size;                  // --block-size
  bool prefix_caching = true;
  bool swa_bounded_replay = false;         // DeepSeek-V4.1 rebuilds its windows instead of caching their prefixes
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
  bool v0_engine = false;               // VLLM_USE_V1=0, or what V1 did not yet run; before 0.8 there is nothing else
  std::string device;                   // the GPU's name, as CUDA gives it
  std::string attention_backend;        // --attention-backend; empty: vLLM chooses
  friend bool operator==(const KvShape&, const KvShape&) = default;
};

/// vLLM's cache, scheduler and speculative configuration, resolved, as far as the KV cache depends on them.
struct KvSettings : KvShape {
  Tokens max_model_len;
  bool fit_max_model_len = false;  // --max-model-len auto: the longest that fits, at most max_model_len
  std::int64_t max_num_batched_tokens = 0;
  std::int64_t max_num_seqs = 0;
  std::int64_t max_concurrent_batches = 1;  // batches in flight: 1, 2 with async scheduling, pp (+ 1) with stages
  std::int64_t encoder_tokens = 0;          // longest encoder input of an encoder-decoder model
  std::optional<std::int64_t> num_gpu_blocks_override;
  Bytes swap_space{4 * kGiB};  // a GPU, on the CPU: V0 only
};

}  // namespace vram::memory
