// vLLM's attention backends on CUDA: what each takes, which pages its kernels read, which layouts it prefers; dated.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "memory/flash_attention.h"
#include "memory/placement.h"
#include "units/quantity.h"

namespace vram::memory {

enum class AttentionBackend : std::uint8_t {
  // Found by asking each what it takes.
  kFlashAttn,
  kFlashInfer,
  kTritonAttn,
  kFlexAttention,
  kTurboquant,
  kTritonFlashAttn,   // Triton for images, FlashAttention for the rest
  kTritonFlashInfer,  // Triton for images, FlashInfer for the rest
  kFlashAttnMla,
  kFlashMla,
  kFlashInferMla,
  kTokenspeedMla,
  kCutlassMla,
  kTritonMla,
  kFlashAttnMlaSparse,
  kFlashAttnMlaSparseFa4,
  kFlashMlaSparse,
  kFlashInferMlaSparse,
  kFlashInferMlaSparseSm90,
  kFlashInferMlaSparseSm120,
  // Taken by the model class itself.
  kFlashAttnDiffKv,
  kTritonAttnDiffKv,
  kSparseIndexer,
  kPooledIndexer,
  kPoolTail,
  kIndexedAttention,
  kIndexedKeys,
  kBlockSparse,
  kBlockIndexer,
  kCompressedFlashMla,
  kCompressedFlashInfer,
  kLatentWindow,
  kCompressedIndexer,
  kCompressor,
  kV41FlashMla,
  kV41MegaAttention,
  kV41FlashInfer,
  kV41Indexer,
  // Recurrent layers.
  kMamba1,
  kMamba2,
  kGatedDelta,
  kKimiK3Kda,
  kLinear,
  kShortConv,
};
inline constexpr std::size_t kAttentionBackends = 43;

/// As vLLM reports it: "FLASH_ATTN"; "FLASH_ATTN_VLLM_V1" up to 0.10.
std::string_view name(AttentionBackend backend, vllm::Date as_of);
/// The member of AttentionBackendEnum that --attention-backend names.
std::optional<AttentionBackend> read_attention_backend(std::string_view name);

/// Recurrent layers' backends: they have no say in block sizes.
bool is_recurrent(AttentionBackend backend);

/// A page that a backend's kernels read: of so many tokens, or of a multiple.
struct KernelBlock {
  std::int64_t tokens = 1;
  bool multiple = false;
};

/// What a layer's cache says to its backend about pages; absent: the model's own figures.
struct KernelCache {
  std::int64_t key_width = 0, value_width = 0;
  std::string_view cache_dtype = "auto";
};

/// source  vllm/v1/attention/backends, get_supported_kernel_block_sizes
std::vector<KernelBlock> kernel_blocks(AttentionBackend backend, const AttentionContext& context,
                                       const std::optional<KernelCache>& cache = {});
std::int64_t smallest_kernel_block(AttentionBackend backend, const AttentionContext& context);

/// source  vllm/v1/attention/backend.py, supports_block_size and get_preferred_block_size (from 0.18)
bool supports_block_size(AttentionBackend backend, const AttentionContext& context, Tokens block);
Tokens preferred_block_size(AttentionBackend backend, const AttentionContext& context, Tokens fallback);

/// Physical orders of a cache's dimensions: layer, block, head, token, content.
enum class CacheLayout : std::uint8_t { kLBHNC, kLBNHC, kLHBNC, kBLHNC, kBLNHC, kBHLNC };
std::string_view name(CacheLayout layout);

/// Layouts that a backend can read, the best first; nothing: any. From 0.29.
///
///   source  vllm/v1/attention/backends, supported_kv_cache_layouts
std::optional<std::vector<CacheLayout>> layouts(AttentionBackend backend, const Platform& platform);

}  // namespace vram::memory
