#include "memory/attention_backends.h"

#include <algorithm>
#include <array>

#include "memory/cache_format.h"

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using vllm::Step;

/// Now, up to 0.15 and up to 0.10; empty where a name did not change.
struct Names {
  std::string_view now, class_name, first;
};
constexpr std::array<Names, kAttentionBackends> kNames = {{
    {"FLASH_ATTN", "", "FLASH_ATTN_VLLM_V1"},
    {"FLASHINFER", "", "FLASHINFER_VLLM_V1"},
    {"TRITON_ATTN", "", "TRITON_ATTN_VLLM_V1"},
    {"FLEX_ATTENTION", "", ""},
    {"TURBOQUANT", "", ""},
    {"TRITON_FLASH_ATTN", "", ""},
    {"TRITON_FLASHINFER", "", ""},
    {"FLASH_ATTN_MLA", "", ""},
    {"FLASHMLA", "", "FLASHMLA_VLLM_V1"},
    {"FLASHINFER_MLA", "", ""},
    {"TOKENSPEED_MLA", "", ""},
    {"CUTLASS_MLA", "", ""},
    {"TRITON_MLA", "", "TRITON_MLA_VLLM_V1"},
    {"FLASH_ATTN_MLA_SPARSE", "", ""},
    {"FLASH_ATTN_MLA_SPARSE_FA4", "", ""},
    {"FLASHMLA_SPARSE", "", ""},
    {"FLASHINFER_MLA_SPARSE", "", ""},
    {"FLASHINFER_MLA_SPARSE_SM90", "", ""},
    {"FLASHINFER_MLA_SPARSE_SM120", "", ""},
    {"FLASH_ATTN_DIFFKV", "", ""},
    {"TRITON_ATTN_DIFFKV", "", ""},
    {"DEEPSEEK_V32_INDEXER", "DeepseekV32IndexerBackend", ""},
    {"DEEPSEEK_V32_INDEXER", "", ""},
    {"KPOOL_TAIL", "", ""},
    {"QWEN4_EXP_QSA_TRITON", "", ""},
    {"QWEN4_EXP_EXP_QSA_STATE", "", ""},
    {"MINIMAX_M3_SPARSE", "", ""},
    {"MINIMAX_M3_SPARSE_INDEXER", "", ""},
    {"FLASHMLA_SPARSE_DSV4", "", ""},
    {"FLASHINFER_MLA_SPARSE_DSV4", "", ""},
    {"DEEPSEEK_SPARSE_SWA", "", ""},
    {"DEEPSEEK_V4_INDEXER", "", ""},
    {"CompressorBackend", "", ""},
    {"FLASHMLA_SPARSE_DSV41", "", ""},
    {"FLASHMLA_MEGA_ATTN_DSV41", "", ""},
    {"FLASHINFER_MLA_SPARSE_DSV41", "", ""},
    {"DEEPSEEK_V41_INDEXER", "", ""},
    {"MAMBA1_ATTN", "Mamba1AttentionBackend", ""},
    {"MAMBA2_ATTN", "Mamba2AttentionBackend", ""},
    {"GDN_ATTN", "GDNAttentionBackend", ""},
    {"KIMI_K3_KDA", "", ""},
    {"LINEAR_ATTN", "LinearAttentionBackend", ""},
    {"SHORT_CONV_ATTN", "ShortConvAttentionBackend", ""},
}};
enum class Naming { kFirst, kClassNames, kNow };
constexpr Step<Naming> kNaming[] = {{{}, Naming::kFirst, "vllm v0.10.2 v1/attention/backends, get_name"},
                                    {{2025, 9, 30}, Naming::kClassNames, "~vllm v0.11.0, the same"},
                                    {{2026, 2, 9}, Naming::kNow, "~vllm v0.16.0, the same"}};
constexpr Step<std::string_view> kCompressedName[] = {
    {{}, "V4_FLASHMLA_SPARSE", "vllm v0.22.0 models/deepseek_v4/nvidia/flashmla.py, get_name"},
    {{2026, 6, 8}, "FLASHMLA_SPARSE_DSV4", "~vllm v0.23.0 models/deepseek_v4/sparse_mla.py, get_name"}};
static_assert(well_formed(kNaming) && well_formed(kCompressedName));

// FlashInfer's sparse kernels on Hopper once insisted on a layout.
constexpr Step<bool> kSm90HeadsFirst[] = {
    {{}, true, "vllm v0.30.0 v1/attention/backends/mla/flashinfer_mla_sparse_sm90.py"},
    {{2026, 10, 20}, false, "~vllm v0.32.0, the same"}};
static_assert(well_formed(kSm90HeadsFirst));

using Pages = std::vector<KernelBlock>;
Pages exactly(std::initializer_list<std::int64_t> sizes) {
  Pages pages;
  for (const std::int64_t size : sizes) pages.push_back({size, false});
  return pages;
}
Pages multiple_of(std::int64_t size) { return {{size, true}}; }

// FlashInfer's pages of 128 tokens and more, with TRT-LLM's kernels on Blackwell.
constexpr Step<bool> kLargePages[] = {{{}, false, "vllm v0.23.0 v1/attention/backends/flashinfer.py"},
                                      {{2026, 6, 23}, true, "~vllm v0.24.0, the same"}};
static_assert(well_formed(kLargePages));

// The pages of the Flex and Triton MLA backends, which first declared none.
constexpr Step<std::int64_t> kFlexPage[] = {{{}, 1, "vllm v0.20.0 v1/attention/backends/flex_attention.py"},
                                            {{2026, 5, 9}, 16, "~vllm v0.21.0, the same"}};
constexpr Step<std::int64_t> kTritonMlaPage[] = {
    {{}, 1, "vllm v0.17.0 v1/attention/backends/mla/triton_mla.py"},
    {{2026, 3, 9}, 16, "https://github.com/vllm-project/vllm/commit/77a73458e3"}};
static_assert(well_formed(kFlexPage) && well_formed(kTritonMlaPage));

// Sparse MLA first took the kernel's page only, then multiples.
constexpr Step<bool> kSparseMultiples[] = {{{}, false, "vllm v0.31.0 v1/attention/backends/mla"},
                                           {{2026, 10, 20}, true, "~vllm v0.32.0, the same"}};
static_assert(well_formed(kSparseMultiples));

// DeepSeek-V4's window cache.
constexpr Step<std::int64_t> kWindowPage[] = {{{}, 64, "vllm v0.29.0 v1/attention/backends/mla/sparse_swa.py"},
                                              {{2026, 9, 14}, 32, "~vllm v0.30.0, the same"}};
static_assert(well_formed(kWindowPage));

bool fp8_cache(std::string_view cache_dtype) {
  return cache_dtype.starts_with("fp8") && !cache_dtype.ends_with("per_token_head");
}

Pages flash_attention_pages(Backend backend, const AttentionContext& context, const std::optional<KernelCache>& cache) {
  const std::int64_t key = cache ? cache->key_width : context.head_size;
  const std::int64_t value = cache ? cache->value_width : (backend == Backend::kFlashAttnDiffKv ? -1 : 0);
  const bool fp8 =
      cache ? fp8_cache(cache->cache_dtype) : context.cache_dtype == "fp8" || context.cache_dtype == "fp8_e4m3";
  if (const auto page = flash_attention_page(context, key, value, fp8)) return exactly({page->count()});
  return multiple_of(16);
}

Pages flashinfer_pages(const AttentionContext& context) {
  const bool trtllm = context.platform.capability / 10 == 10 && context.kv_heads > 0 &&
                      context.query_heads / context.kv_heads > 1 && context.query_heads % context.kv_heads == 0;
  if (trtllm && vllm::in_force(kLargePages, context.platform.as_of)) return exactly({16, 32, 64, 128, 256, 512, 1024});
  return exactly({16, 32, 64});
}

/// What both of a composite's backends read.
Pages common(const Pages& first, const Pages& second) {
  Pages pages;
  for (const KernelBlock& a : first)
    for (const KernelBlock& b : second) {
      const std::int64_t small = std::min(a.tokens, b.tokens), large = std::max(a.tokens, b.tokens);
      // Every page here is a power of two, so the larger is the least common multiple.
      const bool fixed = !a.multiple || !b.multiple;
      if (a.multiple && b.multiple)
        pages.push_back({large, true});
      else if (fixed && large % small == 0 &&
               (a.multiple   ? b.tokens >= a.tokens
                : b.multiple ? a.tokens >= b.tokens
                             : a.tokens == b.tokens))
        pages.push_back({large, false});
    }
  return pages;
}

Pages sparse_pages(Backend backend, const AttentionContext& context, const std::optional<KernelCache>& cache) {
  const bool multiples = vllm::in_force(kSparseMultiples, context.platform.as_of);
  if (backend == Backend::kFlashInferMlaSparse) return multiples ? multiple_of(32) : exactly({32, 64});
  if (backend == Backend::kFlashInferMlaSparseSm120) return multiples ? multiple_of(64) : exactly({64, 256});
  if (backend == Backend::kFlashMlaSparse && multiples && cache && context.platform.capability / 10 == 10 &&
      is_quantised_cache(cache->cache_dtype, context.platform.as_of))
    return exactly({64});
  return multiples ? multiple_of(64) : exactly({64});
}

/// DeepGEMM's pages of rows, each of which stands for several tokens.
/// source  vllm/v1/attention/backends/mla/indexer.py, Glm5NextIndexerBackend
Pages pooled_pages(const AttentionContext& context) {
  const std::int64_t pool = context.index_pool;
  return context.platform.capability / 10 == 12 ? exactly({64 * pool}) : exactly({32 * pool, 64 * pool});
}

}  // namespace

std::string_view name(AttentionBackend backend, vllm::Date as_of) {
  if (backend == Backend::kCompressedFlashMla) return vllm::in_force(kCompressedName, as_of);
  const Names& names = kNames[std::size_t(backend)];
  const Naming naming = vllm::in_force(kNaming, as_of);
  if (naming == Naming::kFirst && !names.first.empty()) return names.first;
  if (naming != Naming::kNow && !names.class_name.empty()) return names.class_name;
  return names.now;
}

std::optional<AttentionBackend> read_attention_backend(std::string_view name) {
  for (std::size_t i = 0; i < kAttentionBackends; ++i)
    if (kNames[i].now == name || kNames[i].first == name) return AttentionBackend(i);
  return std::nullopt;
}

bool is_recurrent(AttentionBackend backend) { return backend >= Backend::kMamba1; }

std::vector<KernelBlock> kernel_blocks(AttentionBackend backend, const AttentionContext& context,
                                       const std::optional<KernelCache>& cache) {
  const vllm::Date day = context.platform.as_of;
  switch (backend) {
    case Backend::kFlashAttn:
    case Backend::kFlashAttnDiffKv:
      return flash_attention_pages(backend, context, cache);
    case Backend::kFlashInfer:
      return flashinfer_pages(context);
    case Backend::kTritonFlashAttn:
      return common(multiple_of(16), flash_attention_pages(Backend::kFlashAttn, context, cache));
    case Backend::kTritonFlashInfer:
    case Backend::kFlashMla:
    case Backend::kSparseIndexer:
      return exactly({64});
    case Backend::kPooledIndexer:
      return pooled_pages(context);
    case Backend::kFlexAttention:
      return multiple_of(vllm::in_force(kFlexPage, day));
    case Backend::kTurboquant:
      return exactly({16, 32, 64, 128});
    case Backend::kTritonAttn:
    case Backend::kTritonAttnDiffKv:
    case Backend::kFlashAttnMla:
    case Backend::kIndexedAttention:
      return multiple_of(16);
    case Backend::kFlashInferMla:
    case Backend::kTokenspeedMla:
      return exactly({32, 64});
    case Backend::kCutlassMla:
    case Backend::kBlockSparse:
    case Backend::kBlockIndexer:
      return exactly({128});
    case Backend::kTritonMla:
      return multiple_of(vllm::in_force(kTritonMlaPage, day));
    case Backend::kFlashAttnMlaSparse:
    case Backend::kFlashMlaSparse:
    case Backend::kFlashInferMlaSparse:
    case Backend::kFlashInferMlaSparseSm120:
      return sparse_pages(backend, context, cache);
    case Backend::kFlashAttnMlaSparseFa4:
    case Backend::kFlashInferMlaSparseSm90:
      return multiple_of(64);
    case Backend::kCompressedFlashMla:
    case Backend::kCompressedFlashInfer:
    case Backend::kCompressedIndexer:
      return exactly({256});
    case Backend::kV41FlashMla:
    case Backend::kV41Indexer:
      return exactly({context.platform.capability / 10 == 9 ? 64 : 128});
    case Backend::kV41MegaAttention:
    case Backend::kV41FlashInfer:
      return exactly({128});
    case Backend::kLatentWindow:
      return multiple_of(vllm::in_force(kWindowPage, day));
    case Backend::kPoolTail:
    case Backend::kIndexedKeys:
    case Backend::kCompressor:
    case Backend::kMamba1:
    case Backend::kMamba2:
    case Backend::kGatedDelta:
    case Backend::kKimiK3Kda:
    case Backend::kLinear:
    case Backend::kShortConv:
      return multiple_of(1);
  }
  return {};
}

std::int64_t smallest_kernel_block(AttentionBackend backend, const AttentionContext& context) {
  const Pages pages = kernel_blocks(backend, context);
  return std::min_element(pages.begin(), pages.end(),
                          [](const KernelBlock& a, const KernelBlock& b) { return a.tokens < b.tokens; })
      ->tokens;
}

bool supports_block_size(AttentionBackend backend, const AttentionContext& context, Tokens block) {
  const Pages pages = kernel_blocks(backend, context);
  return std::any_of(pages.begin(), pages.end(),
                     [&](const KernelBlock& page) { return block.count() % page.tokens == 0; });
}

Tokens preferred_block_size(AttentionBackend backend, const AttentionContext& context, Tokens fallback) {
  if (backend == Backend::kLatentWindow) return Tokens(256);
  if (supports_block_size(backend, context, fallback)) return fallback;
  return Tokens(smallest_kernel_block(backend, context));
}

std::string_view name(CacheLayout layout) {
  constexpr std::string_view kLayouts[] = {"LBHNC", "LBNHC", "LHBNC", "BLHNC", "BLNHC", "BHLNC"};
  return kLayouts[std::size_t(layout)];
}

std::optional<std::vector<CacheLayout>> layouts(AttentionBackend backend, const Platform& platform) {
  using enum CacheLayout;
  const bool flashinfer = backend == Backend::kFlashInfer || backend == Backend::kTritonFlashInfer;
  if (flashinfer && platform.capability / 10 == 10) return std::vector{kLBHNC, kBLHNC};
  if (backend == Backend::kFlexAttention || backend == Backend::kTurboquant) return std::vector{kLBNHC};
  if (backend == Backend::kFlashInferMlaSparseSm90 && vllm::in_force(kSm90HeadsFirst, platform.as_of))
    return std::vector{kLBHNC};
  // The indexer's pages lie beside the latent ones inside a block.
  if (backend == Backend::kCompressedIndexer || backend == Backend::kV41Indexer) return std::vector{kBLHNC, kBLNHC};
  if (backend == Backend::kPoolTail) return std::vector{kBLHNC};
  if (backend == Backend::kIndexedKeys) return std::vector{kBLNHC, kBLHNC};
  return std::nullopt;
}

}  // namespace vram::memory
