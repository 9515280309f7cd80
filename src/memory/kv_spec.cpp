#include "memory/kv_spec.h"

#include <algorithm>
#include <numeric>

#include "memory/attention_config.h"
#include "memory/block_sizes.h"
#include "memory/cache_format.h"
#include "memory/cache_layout.h"
#include "memory/layer_backends.h"
#include "memory/layer_spec.h"
#include "memory/recurrent_state.h"

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using vllm::Step;

// The model runner collected attention, recurrent layers and indexers one after the other; now all as they come.
constexpr Step<bool> kAsTheyCome[] = {{{}, false, "vllm v0.11.0 v1/worker/gpu_model_runner.py get_kv_cache_spec"},
                                      {{2025, 11, 11}, true, "~vllm v0.11.1, the same"}};

// What the selector heard of block sizes.
enum class Heard { kCache, kNothing, kAsked };
constexpr Step<Heard> kHeard[] = {
    {{}, Heard::kCache, "vllm v0.11.2 vllm/attention/layer.py"},
    {{2026, 1, 13}, Heard::kNothing, "~vllm v0.14.0 vllm/platforms/cuda.py"},
    {{2026, 3, 9}, Heard::kAsked, "https://github.com/vllm-project/vllm/commit/77a73458e3"}};

// MLA's rows as recurrent states are fitted to them: packed ones counted as one byte an element.
constexpr Step<bool> kPackedBesideStates[] = {{{}, false, "vllm v0.29.0 vllm/platforms/interface.py"},
                                              {{2026, 9, 14}, true, "~vllm v0.30.0, the same"}};

// Drafting for recurrent layers.
enum class DraftsForStates { kNone, kQwen3Next, kAll };
constexpr Step<DraftsForStates> kDraftsForStates[] = {
    {{}, DraftsForStates::kNone, "vllm v0.10.2 v1/worker/gpu_model_runner.py get_kv_cache_spec"},
    {{2025, 9, 30}, DraftsForStates::kQwen3Next, "~vllm v0.11.0, the same"},
    {{2026, 3, 4}, DraftsForStates::kAll, "~vllm v0.17.0 model_executor/layers/mamba/abstract.py"},
};

static_assert(well_formed(kAsTheyCome) && well_formed(kHeard) && well_formed(kPackedBesideStates) &&
              well_formed(kDraftsForStates));

// Whose business packed formats are: the spec's, but for TurboQuant; the backend's.
constexpr Step<bool> kBackendsPack[] = {{{}, false, "vllm v0.27.0 v1/kv_cache_interface.py AttentionSpec"},
                                        {{2026, 8, 18}, true, "~vllm v0.28.0 v1/attention/backend.py customize_spec"}};
static_assert(well_formed(kBackendsPack));

bool packs_format(Backend backend, CacheFormat::Mode mode, vllm::Date day) {
  const bool backends = vllm::in_force(kBackendsPack, day);
  switch (mode) {
    case CacheFormat::Mode::kPlain:
      return true;
    case CacheFormat::Mode::kPerTokenHead:
    case CacheFormat::Mode::kInt4PerTokenHead:
      return !backends || backend == Backend::kTritonAttn || backend == Backend::kTritonMla;
    case CacheFormat::Mode::kNvfp4:
      return !backends || backend == Backend::kFlashInfer;
    case CacheFormat::Mode::kTurboquant:
      return backends && backend == Backend::kTurboquant;
  }
  return true;
}

constexpr std::int64_t kDefaultChunk = 2048;  // of recurrent kernels that name none

/// What a block question asks of the model.
class ModelPages {
 public:
  ModelPages(const Model& model, const Parallel& parallel, const KvShape& settings, const AttentionContext& context)
      : model_(model), parallel_(parallel), settings_(settings), context_(context) {}

  [[nodiscard]] TokenPages tokens(std::string_view cache_dtype, const std::vector<Backend>& backends) const {
    const CacheFormat format = cache_format(cache_dtype, model_.dtype);
    const Bytes packed = head(format), plain = head(cache_format("auto", model_.dtype));
    const bool turboquant = format.mode == CacheFormat::Mode::kTurboquant;
    // One of the layers' backends is asked, the first, and each packs its own formats only.
    const bool packs = backends.empty() || packs_format(backends.front(), format.mode, context_.platform.as_of);
    const Bytes asked = packs ? packed : head({CacheFormat::Mode::kPlain, Dtype::kUint8});
    TokenPages pages{asked, std::nullopt, turboquant ? packed : asked};
    if (latent()) pages.beside_states = latent_row(cache_dtype);
    if (!settings_.cache_dtype_skip_layers.empty()) pages.skipped = plain;
    if (turboquant && pages.skipped) pages.beside_states = Bytes(std::lcm(packed.count(), plain.count()));
    return pages;
  }

  [[nodiscard]] std::optional<RecurrentPages> recurrent(bool handed_over) const {
    if (!is_hybrid(model_)) return std::nullopt;
    RecurrentPages pages{Bytes(0), kDefaultChunk, 1};
    for (const Layer& layer : model_.kinds)
      for (const CacheLayer& cache : layer.caches) {
        const auto state = recurrent_state(cache.cache, parallel_.tensor, context_.platform, settings_);
        if (!state) continue;
        pages.state = std::max(pages.state, state->bytes);
        if (const auto* mamba = std::get_if<Mamba2State>(&cache.cache); mamba && mamba->chunk > 0)
          pages.chunk = mamba->chunk;
        if (handed_over && state->checkpoints)
          pages.checkpoint_alignment = std::lcm(pages.checkpoint_alignment, state->checkpoints->alignment);
      }
    return pages;
  }

  /// Every recurrent layer of the model hands its state over at the ends of blocks.
  [[nodiscard]] bool hands_states_over() const {
    bool any = false;
    for (const Layer& layer : model_.kinds)
      for (const CacheLayer& cache : layer.caches) {
        const auto state = recurrent_state(cache.cache, parallel_.tensor, context_.platform, settings_);
        if (!state) continue;
        if (!state->checkpoints || !state->checkpoints->at_block_ends) return false;
        any = true;
      }
    return any;
  }

  [[nodiscard]] const LatentAttention* latent() const {
    for (const Layer& layer : model_.kinds)
      for (const CacheLayer& cache : layer.caches)
        if (const auto* latent = std::get_if<LatentAttention>(&cache.cache)) return latent;
    return nullptr;
  }

 private:
  [[nodiscard]] Bytes head(const CacheFormat& format) const {
    if (const auto* row = latent()) return head_bytes(format, row->latent + row->rope, row->latent + row->rope);
    return head_bytes(format, model_.head_width, model_.head_width) * context_.kv_heads;
  }

  [[nodiscard]] Bytes latent_row(std::string_view cache_dtype) const {
    const bool packed = vllm::in_force(kPackedBesideStates, context_.platform.as_of);
    const std::int64_t width = latent()->latent + latent()->rope;
    return latent_bytes(packed ? cache_dtype : "", cache_format(cache_dtype, model_.dtype), width);
  }

  const Model& model_;
  const Parallel& parallel_;
  const KvShape& settings_;
  const AttentionContext& context_;
};

std::optional<Error> drafts_refused(const Model& model, const Platform& platform, const KvShape& settings) {
  const DraftsForStates rule = vllm::in_force(kDraftsForStates, platform.as_of);
  const bool qwen3_next = model.architecture.starts_with("Qwen3Next") && rule == DraftsForStates::kQwen3Next;
  if (!model.recurrent || settings.speculative_tokens == 0 || rule == DraftsForStates::kAll || qwen3_next)
    return std::nullopt;
  return Error{ErrorCode::kRefused, "", "Mamba with speculative decoding is not supported yet.", ""};
}

std::vector<Backend> distinct(const std::vector<Backend>& all) {
  std::vector<Backend> each;
  for (const Backend backend : all)
    if (std::find(each.begin(), each.end(), backend) == each.end()) each.push_back(backend);
  return each;
}

std::vector<Backend> distinct_attention(const std::vector<Backend>& all) {
  std::vector<Backend> attention = distinct(all);
  std::erase_if(attention, is_recurrent);
  return attention;
}

/// 0 for attention, 1 for recurrent layers, 2 for indexers: the order in which they were once collected.
int old_order(const KvLayer& layer) {
  if (layer.spec.kind == KvSpec::Kind::kMamba) return 1;
  return layer.spec.dtype == Dtype::kUint8 && layer.spec.kind == KvSpec::Kind::kMla && layer.spec.cache_dtype.empty()
             ? 2
             : 0;
}

KvBackends summary(const LayerBackends& found, const BlockSizes& sizes, const Platform& platform) {
  KvBackends summary;
  for (const Backend backend : found.all) {
    const std::string_view name = memory::name(backend, platform.as_of);
    const auto seen = std::find_if(summary.layers.begin(), summary.layers.end(),
                                   [&](const auto& each) { return each.first == name; });
    if (seen == summary.layers.end())
      summary.layers.emplace_back(name, 1);
    else
      ++seen->second;
  }
  summary.block_size = sizes.block;
  summary.cache_dtype = found.cache_dtype;
  return summary;
}

/// A layer that borrows keys and values needs its lender, the last one of its kind that has some, on its own stage.
///
///   source  vllm/model_executor/layers/attention/attention.py, validate_kv_sharing_target
std::optional<Error> lender_missing(const Model& model, const Stage& stage) {
  const auto caches = [&](std::int64_t layer) -> const std::vector<CacheLayer>& {
    return model.kinds[std::size_t(model.layers[std::size_t(layer)])].caches;
  };
  const auto lends = [](const LayerCache& lender, const SharedCache& borrower) {
    const auto* full = std::get_if<FullAttention>(&lender);
    const auto* sliding = std::get_if<SlidingWindow>(&lender);
    return borrower.window ? sliding && sliding->window == *borrower.window : full != nullptr;
  };
  const auto name = [&](std::int64_t layer, const std::string& last) {
    return model.layer_prefix + '.' + std::to_string(layer) + '.' + last;
  };
  // The last layer before `layer` that lends to `borrower`.
  const auto lender_of = [&](std::int64_t layer, const SharedCache& borrower) {
    while (--layer >= 0)
      if (!caches(layer).empty() && lends(caches(layer).front().cache, borrower)) break;
    return layer;
  };
  for (std::int64_t i = stage.begin; i < stage.end; ++i)
    for (const CacheLayer& cache : caches(i)) {
      const auto* borrower = std::get_if<SharedCache>(&cache.cache);
      const std::int64_t lender = borrower ? lender_of(i, *borrower) : -1;
      if (lender < 0 || lender >= stage.begin) continue;
      return Error{ErrorCode::kRefused, "",
                   "Specified KV sharing target layer for " + name(i, cache.name) + " is not valid: target layer " +
                       name(lender, cache.name) + " is not a valid Attention layer in the model.",
                   ""};
    }
  return std::nullopt;
}

}  // namespace

Result<KvSpecs> kv_specs(const Model& model, const Model* draft, const Parallel& parallel, const Stage& stage,
                         const Platform& platform, const KvSettings& all) {
  const KvShape& settings = all;
  if (auto error = drafts_refused(model, platform, settings)) return *error;
  if (auto error = lender_missing(model, stage)) return *error;
  const auto config = attention_config(model, platform, settings);
  if (!config) return config.error();
  const AttentionContext context = attention_context(model, parallel, platform, settings, *config);
  const ModelPages pages(model, parallel, settings, context);
  const bool handed_over = pages.hands_states_over();
  BlockQuestion question{settings, all.max_model_len,           context, {}, pages.latent() != nullptr,
                         {},       pages.recurrent(handed_over)};
  question.pages = pages.tokens(settings.cache_dtype, {});
  const Heard heard = vllm::in_force(kHeard, platform.as_of);

  BlockSizes sizes = configured_block_sizes(question);
  if (!backends_come_first(platform.as_of)) sizes.block = forced_latent_block(model, platform, *config, sizes.block);
  const std::optional<Tokens> block = heard == Heard::kCache   ? std::optional(sizes.block)
                                      : heard == Heard::kAsked ? settings.block_size
                                                               : std::nullopt;
  auto found = layer_backends({model, draft, parallel, stage, platform, settings, *config, block});
  if (!found) return found.error();
  if (backends_come_first(platform.as_of)) {
    question.backends = distinct_attention(found->all);
    question.pages = pages.tokens(found->cache_dtype, question.backends);
    auto resolved = block_sizes(question);
    if (!resolved) return resolved.error();
    sizes = *resolved;
  }

  KvSpecs specs;
  specs.layer_prefix = model.layer_prefix;
  specs.backends = summary(*found, sizes, platform);
  auto layout = cache_layout(distinct(found->all), platform);
  if (!layout) return layout.error();
  specs.backends.layout = *std::move(layout);
  AttentionContext drafts = draft ? attention_context(*draft, parallel, platform, settings, *config) : context;
  for (const BackedCache& cache : found->caches) {
    const SpecContext made{parallel, settings, cache.draft ? drafts : context, sizes, found->cache_dtype, handed_over};
    auto spec = layer_spec(cache, made);
    // A block shorter than the tokens a row stands for: vLLM divides by its pages of nothing.
    if (spec && spec->page == Bytes(0)) return Error{ErrorCode::kRefused, "", "integer division or modulo by zero", ""};
    if (spec) specs.layers.push_back({cache.layer, cache.cache->name, *std::move(spec), cache.draft});
  }
  if (!vllm::in_force(kAsTheyCome, platform.as_of))
    std::stable_sort(specs.layers.begin(), specs.layers.end(),
                     [](const KvLayer& a, const KvLayer& b) { return old_order(a) < old_order(b); });
  return specs;
}

}  // namespace vram::memory
