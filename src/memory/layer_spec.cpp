#include "memory/layer_spec.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <vector>

#include "memory/cache_format.h"
#include "memory/recurrent_state.h"
#include "units/match.h"

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using Kind = KvSpec::Kind;
using vllm::Step;

// MLA's spec was a flag of full attention's.
constexpr Step<bool> kLatentKind[] = {{{}, false, "vllm v0.10.2 v1/kv_cache_interface.py"},
                                      {{2025, 9, 30}, true, "~vllm v0.11.0, the same"}};
// It names the layer's format, no longer the model's; it may have a window; layers with an indexer differ from others.
struct LatentSpec {
  bool own_format = false, window = false, leads_index = false;
};
constexpr Step<LatentSpec> kLatentSpec[] = {
    {{}, {}, "vllm v0.25.1 mla_attention.py get_kv_cache_spec"},
    {{2026, 7, 18}, {.own_format = true}, "~vllm v0.26.0, the same"},
    {{2026, 8, 18}, {.own_format = true, .window = true}, "~vllm v0.28.0, the same"},
    {{2026, 9, 14}, {.own_format = true, .window = true, .leads_index = true}, "~vllm v0.30.0, the same"},
};

// Blocks of sliding windows: the cache's; the smallest of the kernel's; the largest within the cache's page.
enum class WindowBlock { kCache, kSmallest, kLargestWithin };
constexpr Step<WindowBlock> kWindowBlock[] = {
    {{}, WindowBlock::kCache, "vllm v0.24.0 attention.py get_kv_cache_spec"},
    {{2026, 7, 5}, WindowBlock::kSmallest, "~vllm v0.25.0, the same"},
    {{2026, 9, 14}, WindowBlock::kLargestWithin, "~vllm v0.30.0, the same"},
};

// TurboQuant's packing of windows came with the backends' own specs.
constexpr Step<bool> kPacksWindows[] = {{{}, false, "vllm v0.27.0 v1/kv_cache_interface.py SlidingWindowSpec"},
                                        {{2026, 8, 18}, true, "~vllm v0.28.0 turboquant_attn.py customize_spec"}};

// Which backends read a padded page by its stride; later all layouts are built of strides.
constexpr Step<bool> kStrided[] = {{{}, false, "vllm v0.23.0 v1/kv_cache_interface.py"},
                                   {{2026, 6, 23}, true, "~vllm v0.24.0, the same, indexes_kv_by_block_stride"},
                                   {{2026, 8, 31}, false, "~vllm v0.29.0, the same"}};

// Distances between blocks that kernels insist on.
enum class Strides { kNone, kFlatRows, kByBackend };
constexpr Step<Strides> kStrides[] = {
    {{}, Strides::kNone, "vllm v0.30.0 mla_attention.py"},
    {{2026, 10, 1}, Strides::kFlatRows, "~vllm v0.31.0 mla_attention.py get_kv_cache_spec"},
    {{2026, 10, 20}, Strides::kByBackend, "~vllm v0.32.0 v1/worker/utils.py customize_attention_spec"},
};

// DeepSeek-V4's plain rows came to be padded too.
constexpr Step<std::int64_t> kPlainAlignment[] = {{{}, 1, "vllm v0.24.0 models/deepseek_v4/attention.py"},
                                                  {{2026, 7, 5}, 512, "~vllm v0.25.0, the same"}};
constexpr std::int64_t kPackedAlignment = 576, kPackedRow = 584;
constexpr std::int64_t kV41Row = 528, kV41Nvfp4Row = 288, kV41Alignment = 512, kV41WindowRows = 32;
constexpr std::int64_t kWindowRows = 64;  // DeepSeek-V4's window: tokens to a block
static_assert(well_formed(kLatentKind) && well_formed(kLatentSpec) && well_formed(kWindowBlock) &&
              well_formed(kPacksWindows) && well_formed(kStrided) && well_formed(kStrides) &&
              well_formed(kPlainAlignment));

bool strided(Backend backend) {
  switch (backend) {
    case Backend::kFlashAttn:
    case Backend::kFlashInfer:
    case Backend::kTritonAttn:
    case Backend::kFlexAttention:
    case Backend::kFlashAttnDiffKv:
    case Backend::kTritonAttnDiffKv:
    case Backend::kFlashAttnMla:
    case Backend::kFlashMla:
    case Backend::kFlashInferMla:
    case Backend::kCutlassMla:
    case Backend::kTritonMla:
      return true;
    case Backend::kTurboquant:
    case Backend::kTritonFlashAttn:
    case Backend::kTritonFlashInfer:
    case Backend::kTokenspeedMla:
    case Backend::kFlashAttnMlaSparse:
    case Backend::kFlashAttnMlaSparseFa4:
    case Backend::kFlashMlaSparse:
    case Backend::kFlashInferMlaSparse:
    case Backend::kFlashInferMlaSparseSm90:
    case Backend::kFlashInferMlaSparseSm120:
    case Backend::kSparseIndexer:
    case Backend::kPooledIndexer:
    case Backend::kPoolTail:
    case Backend::kIndexedAttention:
    case Backend::kIndexedKeys:
    case Backend::kBlockSparse:
    case Backend::kBlockIndexer:
    case Backend::kCompressedFlashMla:
    case Backend::kCompressedFlashInfer:
    case Backend::kLatentWindow:
    case Backend::kCompressedIndexer:
    case Backend::kCompressor:
    case Backend::kV41FlashMla:
    case Backend::kV41MegaAttention:
    case Backend::kV41FlashInfer:
    case Backend::kV41Indexer:
    case Backend::kMamba1:
    case Backend::kMamba2:
    case Backend::kGatedDelta:
    case Backend::kKimiK3Kda:
    case Backend::kLinear:
    case Backend::kShortConv:
      return false;
  }
  return false;
}

/// Formats that vLLM tells apart: KVQuantMode.
std::string quantisation(std::string_view cache_dtype, vllm::Date day) {
  if (!is_quantised_cache(cache_dtype, day) && !cache_dtype.starts_with("turboquant_")) return "";
  if (cache_dtype.starts_with("nvfp4")) return "nvfp4";
  const bool scaled = cache_dtype.ends_with("per_token_head");
  return cache_dtype.starts_with("fp8") && !scaled ? "fp8" : std::string(cache_dtype);
}

class Maker {
 public:
  Maker(const BackedCache& backed, const SpecContext& context)
      : backed_(backed),
        c_(context),
        day_(context.attention.platform.as_of),
        format_(cache_format(backed.cache_dtype, context.attention.dtype)) {}

  using Spec = std::optional<KvSpec>;

  Spec operator()(const FullAttention& a) const { return plain(Kind::kFull, a.heads); }
  Spec operator()(const BlockSparseAttention& a) const { return plain(Kind::kFull, a.heads); }
  Spec operator()(const IndexedAttention& a) const { return plain(Kind::kFull, a.heads); }
  Spec operator()(const CrossAttention& a) const { return plain(Kind::kCross, a.heads); }
  Spec operator()(const EncoderOnly&) const { return std::nullopt; }
  Spec operator()(const SharedCache&) const { return std::nullopt; }

  Spec operator()(const ChunkedLocal& a) const {
    KvSpec spec = plain(Kind::kChunkedLocal, a.heads);
    spec.chunk = a.chunk;
    return spec;
  }

  Spec operator()(const SlidingWindow& a) const {
    KvSpec spec = plain(Kind::kSlidingWindow, a.heads);
    spec.window = a.window;
    const bool packed = format_.mode != CacheFormat::Mode::kTurboquant || vllm::in_force(kPacksWindows, day_);
    const CacheFormat stored = packed ? format_ : CacheFormat{CacheFormat::Mode::kPlain, format_.element};
    const Bytes token = head_bytes(stored, spec.head_size, spec.head_size_v) * spec.kv_heads;
    spec.block_size = window_block(spec, token);
    spec.page = token * spec.block_size.count();
    if (vllm::in_force(kWindowBlock, day_) != WindowBlock::kCache) spec.page_padded = c_.sizes.skipped_page;
    return spec;
  }

  Spec operator()(const LatentAttention& a) const {
    const LatentSpec& rule = vllm::in_force(kLatentSpec, day_);
    const std::string_view named = rule.own_format ? std::string_view(backed_.cache_dtype) : c_.cache_dtype;
    const Bytes row = latent_bytes(named, format_, a.latent + a.rope);
    const bool window = a.window && rule.window;
    const bool kind = vllm::in_force(kLatentKind, day_);
    KvSpec spec = rows(window ? Kind::kSlidingWindowMla
                       : kind ? Kind::kMla
                              : Kind::kFull,
                       a.latent + a.rope, row, format_.element);
    spec.cache_dtype = named;
    if (window) spec.window = a.window;
    spec.leads_index = rule.leads_index && !window && backed_.leads_index;
    set_strides(spec, row);
    return spec;
  }

  Spec operator()(const SparseIndexer& a) const {
    const std::int64_t width = a.width + a.width / 128 * 4;  // a float32 scale for every 128
    return rows(Kind::kMla, width, Bytes(width), Dtype::kUint8);
  }

  Spec operator()(const PooledKeys& a) const {
    const Bytes row = Bytes(vram::width(Dtype::kBfloat16)) * a.width;
    KvSpec spec = rows(Kind::kMla, a.width, row, Dtype::kBfloat16);
    spec.compress_ratio = a.pool;
    spec.page = row * (spec.block_size.count() / a.pool);
    return spec;
  }

  /// Whole pools, so that drafts that are thrown away overwrite nothing that is needed yet.
  Spec operator()(const KeyRing& a) const {
    const Bytes row = Bytes(vram::width(Dtype::kBfloat16)) * a.width;
    KvSpec spec = rows(Kind::kCircularBuffer, a.width, row, Dtype::kBfloat16);
    spec.block_size = Tokens(round_up(a.pool + c_.settings.speculative_tokens, a.pool));
    spec.page = row * spec.block_size.count();
    return spec;
  }

  Spec operator()(const BlockIndexer& a) const {
    return rows(Kind::kMla, a.width, Bytes(vram::width(c_.attention.dtype)) * a.width, c_.attention.dtype);
  }

  Spec operator()(const LatentWindow& a) const {
    if (a.v41) return v41_window(a);
    KvSpec spec = compressed(Kind::kSlidingWindowMla, a.width, compressed_row(a.width), Tokens(kWindowRows), 1);
    spec.window = a.window;
    return spec;
  }

  Spec operator()(const CompressedLatent& a) const {
    if (a.of == CompressedClass::kV41)
      return v41(Kind::kMla, a.width, v41_compressed_row(a.width), c_.sizes.block, a.ratio);
    return compressed(Kind::kMla, a.width, compressed_row(a.width), c_.sizes.block, a.ratio);
  }

  Spec operator()(const CompressedIndexer& a) const {
    const std::int64_t width = a.width + a.width / 128 * 4;
    if (backed_.backend == Backend::kPooledIndexer) {
      KvSpec spec = rows(Kind::kMla, width, Bytes(width), Dtype::kUint8);
      spec.compress_ratio = a.ratio;
      spec.page = Bytes(width) * (spec.block_size.count() / a.ratio);
      return spec;
    }
    KvSpec spec = a.of == CompressedClass::kV41 ? v41(Kind::kMla, width, Bytes(width), c_.sizes.block, a.ratio)
                                                : compressed(Kind::kMla, width, Bytes(width), c_.sizes.block, a.ratio);
    spec.dtype = Dtype::kUint8;
    spec.cache_dtype.clear();
    return spec;
  }

  Spec operator()(const CompressorState& a) const {
    if (a.of == CompressedClass::kV41) return v41_ring(a);
    if (backed_.backend == Backend::kPoolTail) return pool_tail(a);
    // With ratio 4 neighbouring groups of tokens overlap.
    const std::int64_t overlap = a.ratio == 4 ? 2 : 1, width = 2 * overlap * a.width;
    KvSpec spec = compressed(Kind::kSlidingWindowMla, width, Bytes(4) * width, Tokens(a.ratio == 4 ? 4 : 8), 1);
    spec.window = Tokens(overlap * a.ratio);
    spec.dtype = Dtype::kFloat32;
    spec.cache_dtype.clear();
    return spec;
  }

  template <class State>
  Spec operator()(const State&) const {
    const auto state = recurrent_state(backed_.cache->cache, c_.parallel.tensor, c_.attention.platform, c_.settings);
    KvSpec spec;
    spec.kind = Kind::kMamba;
    spec.block_size = c_.sizes.mamba_block;
    spec.page = state->bytes;
    spec.page_padded = c_.sizes.mamba_page;
    spec.mamba_kind = name(state->backend, day_);
    spec.mamba_mode = mamba_cache_mode(c_.settings, day_);
    spec.speculative_blocks = c_.settings.speculative_tokens;
    spec.tp_replicated = state->replicated;
    spec.dcp_sharded = false;
    if (state->checkpoints && (!state->checkpoints->at_block_ends || c_.states_handed_over)) {
      spec.checkpoint_blocks = 1;
      spec.checkpoint_alignment =
          state->checkpoints->at_block_ends ? spec.block_size.count() : state->checkpoints->alignment;
    }
    return spec;
  }

 private:
  /// Keys and gates in a ring of whole pools, so that drafts that are thrown away overwrite nothing that is needed yet.
  [[nodiscard]] KvSpec pool_tail(const CompressorState& a) const {
    const std::int64_t pools = ceil_div(a.ratio + c_.settings.speculative_tokens, a.ratio), heads = 2;
    const Bytes row = Bytes(heads * vram::width(Dtype::kBfloat16)) * a.width;
    KvSpec spec = rows(Kind::kCircularBuffer, a.width, row, Dtype::kBfloat16);
    spec.block_size = Tokens(a.ratio * std::int64_t(std::bit_ceil(std::uint64_t(pools))));
    spec.page = row * spec.block_size.count();
    spec.kv_heads = heads;
    spec.dcp_sharded = false;
    return spec;
  }

  [[nodiscard]] KvSpec plain(Kind kind, const Heads& heads) const {
    KvSpec spec;
    spec.kind = kind;
    spec.block_size = c_.sizes.block;
    spec.kv_heads = std::max<std::int64_t>(heads.kv_heads / c_.parallel.tensor, 1);
    spec.head_size = heads.key_width;
    spec.head_size_v = stored_value_width(heads, day_);
    spec.dtype = format_.element;
    spec.cache_dtype = quantisation(backed_.cache_dtype, day_);
    spec.page = head_bytes(format_, spec.head_size, spec.head_size_v) * spec.kv_heads * spec.block_size.count();
    set_strides(spec, Bytes(0));
    return spec;
  }

  /// One row a token, shared by all heads.
  [[nodiscard]] KvSpec rows(Kind kind, std::int64_t width, Bytes row, Dtype dtype) const {
    KvSpec spec;
    spec.kind = kind;
    spec.block_size = c_.sizes.block;
    spec.kv_heads = 1;
    spec.head_size = width;
    spec.dtype = dtype;
    spec.page = row * spec.block_size.count();
    set_strides(spec, Bytes(0));
    return spec;
  }

  // DeepSeek-V4 ------------------------------------------------------------------------------------------------------

  [[nodiscard]] bool packed() const { return c_.cache_dtype == "fp8_ds_mla"; }

  [[nodiscard]] Bytes compressed_row(std::int64_t width) const {
    return packed() ? Bytes(kPackedRow) : Bytes(vram::width(format_.element)) * width;
  }

  [[nodiscard]] KvSpec compressed(Kind kind, std::int64_t width, Bytes row, Tokens block, std::int64_t ratio) const {
    return aligned(kind, width, row, block, ratio, packed() ? kPackedAlignment : vllm::in_force(kPlainAlignment, day_));
  }

  /// Pages of `block` tokens, a row for `ratio` of them, padded to a multiple of `alignment` bytes.
  [[nodiscard]] KvSpec aligned(Kind kind, std::int64_t width, Bytes row, Tokens block, std::int64_t ratio,
                               std::int64_t alignment) const {
    KvSpec spec = rows(kind, width, row, format_.element);
    spec.block_size = block;
    spec.compress_ratio = ratio;
    spec.page = row * (block.count() / ratio);
    spec.cache_dtype = c_.cache_dtype;
    spec.page_alignment = alignment;
    const Bytes padded(round_up(spec.page.count(), spec.page_alignment));
    if (padded != spec.page) spec.page_padded = padded;
    return spec;
  }

  // DeepSeek-V4.1 ----------------------------------------------------------------------------------------------------
  //
  // source  vllm/models/deepseek_v41/attention.py, get_kv_cache_spec of each class; compressor.py; data-centre
  //         Blackwell's kernels read 8-bit rows with scales for 32 values, others DeepSeek-V4's

  [[nodiscard]] bool v41_packed() const { return c_.cache_dtype.ends_with("_ds_mla"); }
  [[nodiscard]] bool v41_own_rows() const { return c_.attention.platform.capability / 10 == 10; }

  [[nodiscard]] Bytes v41_row(std::int64_t width) const {
    if (!v41_packed()) return Bytes(vram::width(format_.element)) * width;
    return Bytes(v41_own_rows() ? kV41Row : kPackedRow);
  }

  [[nodiscard]] Bytes v41_compressed_row(std::int64_t width) const {
    return c_.cache_dtype == "nvfp4_ds_mla" ? Bytes(kV41Nvfp4Row) : v41_row(width);
  }

  [[nodiscard]] KvSpec v41(Kind kind, std::int64_t width, Bytes row, Tokens block, std::int64_t ratio) const {
    return aligned(kind, width, row, block, ratio, v41_packed() && !v41_own_rows() ? kPackedAlignment : kV41Alignment);
  }

  [[nodiscard]] KvSpec v41_window(const LatentWindow& a) const {
    KvSpec spec = v41(Kind::kSlidingWindowMla, a.width, v41_row(a.width), Tokens(kV41WindowRows), 1);
    spec.window = a.window;
    spec.bounded_replay = c_.settings.swa_bounded_replay;
    // The kernels read both kinds of rows as rows of the whole cache.
    if (v41_packed() && v41_own_rows())
      spec.stride_alignment = std::lcm(v41_row(a.width).count(), v41_compressed_row(a.width).count());
    return spec;
  }

  /// Keys and scores of the tokens that no row holds yet, the drafts among them.
  [[nodiscard]] KvSpec v41_ring(const CompressorState& a) const {
    const std::int64_t width = 2 * a.width, least = c_.settings.speculative_tokens + 2;
    const Bytes row = Bytes(vram::width(Dtype::kFloat32)) * width;
    KvSpec spec = rows(Kind::kCircularBuffer, width, row, Dtype::kFloat32);
    spec.block_size = Tokens(std::max<std::int64_t>(8, std::int64_t(std::bit_ceil(std::uint64_t(least)))));
    spec.page = row * spec.block_size.count();
    spec.dcp_sharded = false;
    return spec;
  }

  // Blocks and strides -----------------------------------------------------------------------------------------------

  [[nodiscard]] Tokens window_block(const KvSpec& spec, Bytes token) const {
    const WindowBlock rule = vllm::in_force(kWindowBlock, day_);
    if (rule == WindowBlock::kCache) return spec.block_size;
    const bool within = rule == WindowBlock::kLargestWithin;
    const auto pages = kernel_blocks(backed_.backend, c_.attention, kernel_cache(spec));
    std::optional<Bytes> budget = c_.sizes.skipped_page;
    if (!budget && within) budget = token * spec.block_size.count();
    const bool some_fixed = std::any_of(pages.begin(), pages.end(), [](const KernelBlock& p) { return !p.multiple; });
    std::vector<std::int64_t> candidates;
    for (const KernelBlock& page : pages) {
      if (!page.multiple || (!within && !some_fixed)) candidates.push_back(page.tokens);
      if (page.multiple && within)
        candidates.push_back(std::max(page.tokens, *budget / token / page.tokens * page.tokens));
    }
    std::sort(candidates.begin(), candidates.end());
    std::int64_t block = candidates.front();
    for (const std::int64_t candidate : candidates)
      if (budget && token * candidate <= *budget) block = candidate;
    return Tokens(block);
  }

  [[nodiscard]] KernelCache kernel_cache(const KvSpec& spec) const {
    return {spec.head_size, spec.head_size_v, backed_.cache_dtype};
  }

  void set_strides(KvSpec& spec, Bytes row) const {
    spec.block_strided = vllm::in_force(kStrided, day_) && strided(backed_.backend);
    const Strides rule = vllm::in_force(kStrides, day_);
    const bool packed_rows = backed_.cache_dtype.ends_with("_ds_mla");
    const bool data_centre = c_.attention.platform.capability / 10 == 10;
    const Backend backend = backed_.backend;
    if (rule == Strides::kFlatRows) {
      const bool flat = backend == Backend::kFlashInferMlaSparse ||
                        (backend == Backend::kFlashMlaSparse && (!packed_rows || data_centre));
      if (flat && row != Bytes(0)) spec.stride_alignment = row.count();
    }
    if (rule != Strides::kByBackend) return;
    const auto pages = kernel_blocks(backend, c_.attention, kernel_cache(spec));
    if (const std::int64_t together = rows_together(backend, pages); together > 0 && row != Bytes(0)) {
      spec.stride_alignment = (row * together).count();
      spec.stride_kernel_block = 0;
      return;
    }
    if (backend == Backend::kFlashMlaSparse) {
      spec.stride_kernel_block = kFlashMlaPage;
      return;
    }
    const bool fixed = std::all_of(pages.begin(), pages.end(), [](const KernelBlock& p) { return !p.multiple; });
    if (!fixed) return;
    for (const KernelBlock& page : pages) spec.stride_kernel_block = std::max(spec.stride_kernel_block, page.tokens);
  }

  /// Rows to a page of a sparse kernel that reads the cache as rows; 0: it does not.
  [[nodiscard]] std::int64_t rows_together(Backend backend, const std::vector<KernelBlock>& pages) const {
    const bool data_centre = c_.attention.platform.capability / 10 == 10;
    const bool quantised = is_quantised_cache(backed_.cache_dtype, day_);
    if (backend == Backend::kFlashMlaSparse) return quantised && !data_centre ? 0 : 1;
    if (backend == Backend::kFlashInferMlaSparse || backend == Backend::kFlashInferMlaSparseSm120)
      return pages.front().tokens;
    const bool flat = backend == Backend::kFlashAttnMlaSparse || backend == Backend::kFlashAttnMlaSparseFa4 ||
                      backend == Backend::kFlashInferMlaSparseSm90;
    return flat ? 1 : 0;
  }

  static constexpr std::int64_t kFlashMlaPage = 64;

  const BackedCache& backed_;
  const SpecContext& c_;
  vllm::Date day_;
  CacheFormat format_;
};

}  // namespace

std::optional<KvSpec> layer_spec(const BackedCache& cache, const SpecContext& context) {
  return std::visit(Maker(cache, context), cache.cache->cache);
}

}  // namespace vram::memory
