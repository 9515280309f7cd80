#include "memory/layer_backends.h"

#include <algorithm>

#include "memory/attention_selection.h"
#include "memory/cache_format.h"
#include "memory/flash_attention.h"
#include "memory/layer_refusals.h"
#include "memory/recurrent_state.h"
#include "memory/v41_backends.h"
#include "units/match.h"

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using vllm::Step;

// Keys wider than values: padded values at first, then backends of their own.
enum class WideKeys { kPadded, kFlashAttention, kByVersion };
constexpr Step<WideKeys> kWideKeys[] = {
    {{}, WideKeys::kPadded, "vllm v0.19.0 model_executor/models/mimo_v2_flash.py"},
    {{2026, 4, 20}, WideKeys::kFlashAttention, "~vllm v0.20.0, the same"},
    {{2026, 6, 23}, WideKeys::kByVersion, "~vllm v0.24.0 model_executor/models/mimo_v2.py"},
};

// Formats that sparse MLA puts in place of what was asked for.
enum class SparseFormat { kNone, kFp8, kQuantised, kAndConsumer };
constexpr Step<SparseFormat> kSparseFormat[] = {
    {{}, SparseFormat::kNone, "vllm v0.17.0 model_executor/layers/attention/mla_attention.py"},
    {{2026, 3, 9}, SparseFormat::kFp8, "~vllm v0.18.0, the same, MLAAttention.__init__"},
    {{2026, 4, 20}, SparseFormat::kQuantised, "~vllm v0.20.0, the same"},
    {{2026, 6, 23}, SparseFormat::kAndConsumer, "~vllm v0.24.0, the same, _canonicalize_sparse_mla_kv_cache_dtype"},
};

/// Whether the spec of a layer's rows follows the cache config that its class hands it; before, it was the engine's.
constexpr vllm::Step<bool> kLayersOwnDtype[] = {
    {{}, false, "vllm v0.11.0 vllm/v1/worker/gpu_model_runner.py, get_kv_cache_spec"},
    {{2025, 10, 20}, true, "~ vllm v0.11.2 vllm/attention/layer.py, kv_cache_torch_dtype"},
};
static_assert(vllm::well_formed(kLayersOwnDtype));

// MLA came to heed kv_cache_dtype_skip_layers.
constexpr Step<bool> kLatentSkips[] = {{{}, false, "vllm v0.25.1 mla_attention.py, MLAAttention.__init__"},
                                       {{2026, 7, 18}, true, "~vllm v0.26.0, the same"}};

// FlashMLA's sparse kernel refuses an unquantised cache that ranks share.
constexpr Step<bool> kSharedNeedsQuantised[] = {
    {{}, false, "vllm v0.28.0 v1/attention/backends/mla/flashmla_sparse.py"},
    {{2026, 8, 31}, true, "~vllm v0.29.0, the same, FlashMLASparseImpl.__init__"},
};

// DeepSeek-V4: on what "auto" falls, how another cache is refused, and which kernels consumer Blackwell runs.
struct Compressed {
  bool auto_is_fp8 = false, flashinfer_on_consumer = false;
  const char *before = "AssertionError: DeepseekV4 fp8_ds_mla layout only supports fp8 kv-cache, got ", *after = "";
};
constexpr Step<Compressed> kCompressed[] = {
    {{},
     {.before = "AssertionError: DeepseekV4 only supports fp8 kv-cache format for now, got "},
     "vllm v0.22.0 models/deepseek_v4/attention.py"},
    {{2026, 6, 23},
     {.flashinfer_on_consumer = true},
     "~vllm v0.24.0 models/deepseek_v4/attention.py, _resolve_dsv4_kv_cache_dtype; nvidia/model.py, "
     "_select_dsv4_attn_cls"},
    {{2026, 9, 14},
     {.auto_is_fp8 = true,
      .flashinfer_on_consumer = true,
      .before = "DeepseekV4 fp8_ds_mla layout only supports fp8 kv-cache, got ",
      .after = ". Please set `--kv-cache-dtype fp8` or select a backend that supports bfloat16 KV cache."},
     "~vllm v0.30.0 models/deepseek_v4/attention.py, the same"},
};
static_assert(well_formed(kWideKeys) && well_formed(kSparseFormat) && well_formed(kLatentSkips) &&
              well_formed(kSharedNeedsQuantised) && well_formed(kCompressed));

Error refused(std::string sentence) { return {ErrorCode::kRefused, "", std::move(sentence), ""}; }

template <class Cache>
bool has_cache(const Layer& layer) {
  return std::any_of(layer.caches.begin(), layer.caches.end(),
                     [](const CacheLayer& cache) { return std::holds_alternative<Cache>(cache.cache); });
}

/// Compressed keys of an indexer whose layer is not one of DeepSeek-V4: GLM-5.3's.
bool pools_keys(const Layer& layer) { return has_cache<CompressedIndexer>(layer) && !has_cache<LatentWindow>(layer); }

const V41Layer* v41_layer(const Layer& layer) {
  for (const CacheLayer& cache : layer.caches)
    if (const auto* window = std::get_if<LatentWindow>(&cache.cache); window && window->v41) return &*window->v41;
  return nullptr;
}

std::int64_t index_pool(const Model& model) {
  for (const Layer& layer : model.kinds)
    for (const CacheLayer& cache : layer.caches)
      if (const auto* indexer = std::get_if<CompressedIndexer>(&cache.cache)) return indexer->ratio;
  return 1;
}

class Chooser {
 public:
  explicit Chooser(const BackendQuestion& question) : q_(question), day_(question.platform.as_of) {
    found_.cache_dtype = q_.settings.cache_dtype;
  }

  /// Layers [begin, end) of `model`, numbered from `begin + offset`.
  std::optional<Error> add(const Model& model, std::int64_t begin, std::int64_t end, std::int64_t offset, bool draft) {
    context_ = attention_context(model, q_.parallel, q_.platform, q_.settings, q_.config);
    std::vector<Choice> choices(model.kinds.size());
    for (std::int64_t i = begin; i < end; ++i) {
      const auto kind = std::size_t(model.layers[std::size_t(i)]);
      if (repeat(choices[kind], i + offset)) continue;
      const Choice choice{true, found_.cache_dtype, found_.caches.size(), 0, found_.all.size(), 0};
      const Layer& layer = model.kinds[kind];
      pooled_ = pools_keys(layer);
      v41_ = v41_layer(layer);
      if (auto error = source_elsewhere(model, begin)) return error;
      const bool indexer = pooled_ || has_cache<SparseIndexer>(layer);
      for (const CacheLayer& cache : layer.caches) {
        scales_ = scales_of(layer, cache.name);
        BackedCache backed{i + offset, &cache, draft, indexer, {}, {}};
        if (auto error = back(backed)) return error;
        found_.caches.push_back(std::move(backed));
      }
      choices[kind] = choice;
      choices[kind].caches_end = found_.caches.size();
      choices[kind].all_end = found_.all.size();
    }
    return std::nullopt;
  }

  LayerBackends take() { return std::move(found_); }

 private:
  /// What the first layer of a kind got: its stretches of what was found.
  struct Choice {
    bool made = false;
    std::string cache_dtype;  // cache_config.cache_dtype before it
    std::size_t caches = 0, caches_end = 0, all = 0, all_end = 0;
  };

  /// Layers of one kind get the same, unless they are told apart by their numbers or an earlier one had its say about
  /// the cache's dtype.
  bool repeat(const Choice& choice, std::int64_t layer) {
    if (!choice.made || choice.cache_dtype != found_.cache_dtype || !q_.settings.cache_dtype_skip_layers.empty())
      return false;
    for (std::size_t i = choice.caches; i < choice.caches_end; ++i) {
      found_.caches.push_back(BackedCache(found_.caches[i]));
      found_.caches.back().layer = layer;
    }
    for (std::size_t i = choice.all; i < choice.all_end; ++i) found_.all.push_back(AttentionBackend(found_.all[i]));
    return true;
  }

  std::optional<Error> back(BackedCache& backed) {
    const bool windowed = std::holds_alternative<SlidingWindow>(backed.cache->cache);
    const bool plain_rows = skipped(backed.layer, windowed) ||
                            (backed.cache->model_dtype && vllm::in_force(kLayersOwnDtype, q_.platform.as_of));
    backed.cache_dtype = plain_rows ? "auto" : found_.cache_dtype;
    if (auto error = refused_before_backend(scales_, backed.cache_dtype, q_.platform)) return error;
    const auto backend = match(
        backed.cache->cache,                                                                 //
        [&](const FullAttention& a) { return plain(a.heads, false, backed); },               //
        [&](const SlidingWindow& a) { return plain(a.heads, true, backed); },                //
        [&](const SharedCache& a) { return plain(a.heads, a.window.has_value(), backed); },  //
        [&](const ChunkedLocal& a) { return typed(a.heads, AttentionType::kDecoder, backed); },
        [&](const CrossAttention& a) { return typed(a.heads, AttentionType::kEncoderDecoder, backed); },
        [&](const EncoderOnly& a) { return typed(a.heads, AttentionType::kEncoderOnly, backed); },
        [&](const LatentAttention& a) { return latent(a, backed); },
        [&](const LatentWindow& a) { return a.v41 ? v41(backed, Backend::kLatentWindow) : compressed(backed); },
        [&](const BlockSparseAttention&) { return Result(Backend::kBlockSparse); },
        [&](const BlockIndexer&) { return Result(Backend::kBlockIndexer); },
        [&](const IndexedAttention&) { return Result(Backend::kIndexedAttention); },
        [&](const PooledKeys&) { return Result(Backend::kIndexedKeys); },
        [&](const KeyRing&) { return Result(Backend::kIndexedKeys); },
        [&](const SparseIndexer&) { return Result(Backend::kSparseIndexer); },
        [&](const CompressedLatent& a) {
          return a.of == CompressedClass::kV41 ? v41(backed, std::nullopt) : Result(compressed_kernels());
        },
        [&](const CompressedIndexer& a) {
          if (a.of == CompressedClass::kV41) return Result(Backend::kV41Indexer);
          return Result(pooled_ ? Backend::kPooledIndexer : Backend::kCompressedIndexer);
        },
        [&](const CompressorState&) { return Result(pooled_ ? Backend::kPoolTail : Backend::kCompressor); },
        [&](const auto&) {
          const auto state = recurrent_state(backed.cache->cache, q_.parallel.tensor, q_.platform, q_.settings);
          return Result(state->backend);
        });
    if (!backend) return backend.error();
    backed.backend = *backend;
    if (auto error = refused_with_backend(*backend, scales_, backed.cache_dtype, context_, q_.settings)) return error;
    // A layer of DeepSeek-V4 has its attention beside the window, with compressed rows or without.
    const bool window = *backend == Backend::kLatentWindow;
    if (window && v41_) found_.all.push_back(v41_kernels(context_, q_.config, v41_heads_fit()));
    if (!std::holds_alternative<CompressedLatent>(backed.cache->cache)) found_.all.push_back(*backend);
    if (window && !v41_) found_.all.push_back(compressed_kernels());
    return std::nullopt;
  }

  static KvScales scales_of(const Layer& layer, std::string_view name) {
    for (const Module& module : layer.modules)
      if (const auto* scales = std::get_if<AttentionScales>(&module); scales && scales->name == name)
        return scales->loaded;
    return {};
  }

  [[nodiscard]] bool skipped(std::int64_t layer, bool windowed) const {
    const auto& skip = q_.settings.cache_dtype_skip_layers;
    return std::any_of(skip.begin(), skip.end(), [&](const std::string& name) {
      return name == std::to_string(layer) || (windowed && name == "sliding_window");
    });
  }

  [[nodiscard]] AttentionNeeds needs(std::int64_t head_size, const BackedCache& backed) const {
    AttentionNeeds needs;
    needs.head_size = head_size;
    needs.cache_dtype = backed.cache_dtype;
    needs.block_size = q_.block;
    return needs;
  }

  Result<Backend> plain(const Heads& heads, bool window, const BackedCache& backed) const {
    if (heads.key_width != heads.value_width && vllm::in_force(kWideKeys, day_) != WideKeys::kPadded)
      return wide_keys(heads, backed.cache->sinks);
    AttentionNeeds wants = needs(heads.key_width, backed);
    wants.sinks = backed.cache->sinks;
    wants.sliding_window = window;
    wants.multimodal_prefix = context_.multimodal_prefix;
    wants.per_head_scales = scales_.per_head;
    return select_backend(wants, context_, q_.config.backend);
  }

  [[nodiscard]] Backend wide_keys(const Heads& heads, bool sinks) const {
    if (vllm::in_force(kWideKeys, day_) == WideKeys::kFlashAttention) return Backend::kFlashAttnDiffKv;
    const auto version =
        flash_attention_version(context_, {.key = heads.key_width, .value = heads.value_width, .sinks = sinks});
    return version == 3 || version == 4 ? Backend::kFlashAttnDiffKv : Backend::kTritonAttnDiffKv;
  }

  Result<Backend> typed(const Heads& heads, AttentionType type, const BackedCache& backed) const {
    AttentionNeeds wants = needs(heads.key_width, backed);
    wants.type = type;
    return select_backend(wants, context_, q_.config.backend);
  }

  Result<Backend> latent(const LatentAttention& a, BackedCache& backed) {
    if (!vllm::in_force(kLatentSkips, day_)) backed.cache_dtype = found_.cache_dtype;
    AttentionNeeds wants = needs(a.latent + a.rope, backed);
    wants.latent = AttentionNeeds::Latent{a.latent, a.rope, a.nope, a.value, a.sparse, a.index_topk};
    auto backend = select_backend(wants, context_, q_.config.backend);
    if (!backend) return backend;
    const std::string format = sparse_format(*backend, backed.cache_dtype);
    if (format != backed.cache_dtype) found_.cache_dtype = backed.cache_dtype = format;
    if (*backend == Backend::kFlashMlaSparse && context_.decode_context_parallel > 1 &&
        vllm::in_force(kSharedNeedsQuantised, day_) && !is_quantised_cache(format, day_))
      return refused(
          "DCP for FlashMLA sparse requires an fp8_ds_mla kv-cache; the bf16 sparse path is not supported under DCP.");
    return backend;
  }

  [[nodiscard]] std::string sparse_format(Backend backend, const std::string& asked) const {
    const SparseFormat rule = vllm::in_force(kSparseFormat, day_);
    const bool quantised = rule == SparseFormat::kFp8 ? asked.starts_with("fp8") : is_quantised_cache(asked, day_);
    if (backend == Backend::kFlashMlaSparse && rule != SparseFormat::kNone && quantised)
      return asked == "nvfp4_ds_mla" ? asked : "fp8_ds_mla";
    const bool plain_fp8 = asked == "auto" || asked == "fp8" || asked == "fp8_e4m3";
    if (backend == Backend::kFlashInferMlaSparseSm120 && rule == SparseFormat::kAndConsumer && plain_fp8)
      return "fp8_ds_mla";
    return asked;
  }

  [[nodiscard]] Backend compressed_kernels() const {
    const bool consumer = q_.platform.capability / 10 == 12 && vllm::in_force(kCompressed, day_).flashinfer_on_consumer;
    if (q_.config.backend == Backend::kCompressedFlashInfer) return Backend::kCompressedFlashInfer;
    return consumer && !q_.config.backend ? Backend::kCompressedFlashInfer : Backend::kCompressedFlashMla;
  }

  Result<Backend> compressed(BackedCache& backed) {
    // FlashInfer's kernels of data-centre Blackwell read plain rows.
    if (compressed_kernels() == Backend::kCompressedFlashInfer && q_.platform.capability / 10 != 12)
      return Backend::kLatentWindow;
    const Compressed& rule = vllm::in_force(kCompressed, day_);
    if (!backed.cache_dtype.starts_with("fp8") && !(rule.auto_is_fp8 && backed.cache_dtype == "auto"))
      return refused(rule.before + backed.cache_dtype + rule.after);
    found_.cache_dtype = backed.cache_dtype = "fp8_ds_mla";
    return Backend::kLatentWindow;
  }

  /// Whether a rank holds whole groups of as many heads as DeepSeek-V4.1's fused kernels take.
  [[nodiscard]] bool v41_heads_fit() const {
    const std::int64_t ranks = q_.parallel.tensor;
    return v41_->groups % ranks == 0 && context_.query_heads == v41_->groups / ranks * kV41HeadsToGroup;
  }

  /// A stage has to begin with a layer that keeps the rows it reads.
  [[nodiscard]] std::optional<Error> source_elsewhere(const Model& model, std::int64_t begin) const {
    if (!v41_ || v41_->source < 0 || v41_->source >= begin) return std::nullopt;
    const std::string source = model.layer_prefix + '.' + std::to_string(v41_->source) + ".attn";
    return refused(
        "NotImplementedError: " +
        (v41_->indexes ? "Indexer K cache source " + source + ".indexer.k_cache" : "Compressed-KV source " + source) +
        " not found on this rank; PP splits inside a v4.1 kv-sharing group are not supported.");
  }

  /// `backend`: absent: the kernels themselves.
  Result<Backend> v41(BackedCache& backed, std::optional<Backend> backend) {
    if (auto error = refused_v41(q_.config)) return *error;
    const Backend kernels = v41_kernels(context_, q_.config, v41_heads_fit());
    auto format = v41_format(kernels, backed.cache_dtype, context_.platform);
    if (!format) return format.error();
    found_.cache_dtype = backed.cache_dtype = *std::move(format);
    return backend.value_or(kernels);
  }

  const BackendQuestion& q_;
  vllm::Date day_;
  AttentionContext context_;
  KvScales scales_;                // of the layer at hand
  const V41Layer* v41_ = nullptr;  // the layer at hand, if it is one of DeepSeek-V4.1
  bool pooled_ = false;            // the layer at hand has an indexer whose rows stand for several tokens
  LayerBackends found_;
};

}  // namespace

AttentionContext attention_context(const Model& model, const Parallel& parallel, const Platform& platform,
                                   const KvShape& settings, const AttentionConfig& config) {
  AttentionContext context;
  context.platform = platform;
  context.dtype = model.dtype;
  context.cache_dtype = settings.cache_dtype;
  context.head_size = model.head_width;
  context.query_heads = model.attention_heads / parallel.tensor;
  context.kv_heads = std::max<std::int64_t>(model.kv_heads / parallel.tensor, 1);
  context.decode_context_parallel = settings.decode_context_parallel;
  context.index_pool = index_pool(model);
  context.logit_softcap = model.logit_softcap;
  context.multimodal_prefix = settings.multimodal_prefix;
  context.flash_attention = config.flash_attention;
  return context;
}

std::int64_t stored_value_width(const Heads& heads, vllm::Date as_of) {
  return vllm::in_force(kWideKeys, as_of) == WideKeys::kPadded ? heads.key_width : heads.value_width;
}

Result<LayerBackends> layer_backends(const BackendQuestion& question) {
  Chooser chooser(question);
  const Stage& stage = question.stage;
  if (auto error = chooser.add(question.model, stage.begin, stage.end, 0, false)) return *error;
  if (question.draft && stage.last()) {
    const auto layers = std::int64_t(question.draft->layers.size());
    if (auto error = chooser.add(*question.draft, 0, layers, std::int64_t(question.model.layers.size()), true))
      return *error;
  }
  return chooser.take();
}

}  // namespace vram::memory
