#include "memory/kv_unify.h"

#include <algorithm>

#include "memory/kv_alike.h"
#include "memory/kv_messages.h"

namespace vram::memory {
namespace {

using Kind = KvSpec::Kind;

/// How a window's spec becomes one of full attention.
struct Promotion {
  bool always;        // there is no hybrid manager to disable
  bool uniform_type;  // layers of one type need no promotion
  bool keeps_padding;
  bool keeps_stride;    // indexes_kv_by_block_stride
  bool takes_block;     // the full layers' block size, where they agree on one
  bool by_replication;  // caches that context parallelism does not divide are judged by themselves
  const char* failure;
};
constexpr const char* kNotOneType =
    "Hybrid KV cache manager is disabled but failed to convert the KV cache specs to one unified type.";
constexpr const char* kNotPromoted = "Failed to promote local KV cache specs to one unified type.";

constexpr vllm::Step<Promotion> kPromotion[] = {
    {{}, {true, false, false, true, false, false, kNotImplemented}, "vllm v0.8.5 vllm/v1/core/kv_cache_utils.py"},
    {{2025, 6, 6},
     {false, false, false, true, false, false, kNotOneType},
     "~ vllm v0.9.1 vllm/v1/core/kv_cache_utils.py unify_hybrid_kv_cache_specs"},
    {{2025, 9, 19},
     {false, true, false, true, false, false, kNotOneType},
     "~ https://github.com/vllm-project/vllm/commit/9607d5eb44"},
    {{2026, 1, 23},
     {false, true, true, true, false, false, kNotOneType},
     "~ vllm v0.16.0 vllm/v1/core/kv_cache_utils.py unify_hybrid_kv_cache_specs"},
    {{2026, 6, 21},
     {false, true, true, false, false, false, kNotOneType},
     "https://github.com/vllm-project/vllm/commit/2cac89f9da"},
    {{2026, 7, 23},
     {false, true, true, false, true, false, kNotPromoted},
     "~ vllm v0.27.0 vllm/v1/core/kv_cache_utils.py _promote_local_kv_cache_specs"},
    {{2026, 8, 10},
     {false, true, true, true, true, false, kNotPromoted},
     "~ vllm v0.28.0 vllm/v1/kv_cache_interface.py replace_as"},
    {{2026, 9, 22},
     {false, true, true, true, true, true, kNotPromoted},
     "~ vllm v0.31.0 vllm/v1/core/kv_cache_utils.py unify_hybrid_kv_cache_specs"},
};
static_assert(vllm::well_formed(kPromotion));

/// What happens to a page that does not divide the largest one.
enum class Padding { kNone, kByBlockStride, kNotMla };
constexpr vllm::Step<Padding> kPadding[] = {
    {{}, Padding::kNone, "vllm v0.12.0 vllm/v1/core/kv_cache_utils.py unify_kv_cache_spec_page_size"},
    {{2026, 6, 21}, Padding::kByBlockStride, "https://github.com/vllm-project/vllm/commit/2cac89f9da"},
    {{2026, 8, 25}, Padding::kNotMla, "~ vllm v0.29.0 vllm/v1/core/kv_cache_utils.py unify_kv_cache_spec_page_size"},
};
static_assert(vllm::well_formed(kPadding));

/// A latent window can replay its tokens, which the latent spec it would become cannot say.
constexpr const char* kNoReplay = "MLAAttentionSpec.__init__() got an unexpected keyword argument 'bounded_replay'";
constexpr vllm::Step<bool> kLosesReplay[] = {
    {{}, false, "vllm v0.30.0 vllm/v1/kv_cache_interface.py SlidingWindowMLASpec"},
    {{2026, 9, 22}, true, "~ vllm v0.31.0 vllm/v1/kv_cache_interface.py SlidingWindowMLASpec and replace_as"},
};
static_assert(vllm::well_formed(kLosesReplay));

constexpr vllm::Step<bool> kPadsStates[] = {
    {{}, false, "vllm v0.25.1 vllm/v1/core/kv_cache_utils.py unify_kv_cache_spec_page_size"},
    {{2026, 7, 7}, true, "https://github.com/vllm-project/vllm/commit/55da232db6"},
};
static_assert(vllm::well_formed(kPadsStates));

bool settled(const KvLayers& layers, const Promotion& rule, vllm::Date as_of, std::optional<std::string>& refusal) {
  if (layers.empty()) return true;
  Merge merge = merge_specs(layers.specs, as_of);
  refusal = std::move(merge.refusal);
  return merge.spec || (rule.uniform_type && uniform_type(layers.specs, as_of));
}

/// The block size of all full-attention layers; nothing where they differ.
std::optional<Tokens> full_block_size(const KvLayers& layers) {
  std::optional<Tokens> found;
  for (const KvSpec& spec : layers.specs) {
    if (!is_full(spec.kind)) continue;
    if (found && *found != spec.block_size) return std::nullopt;
    found = spec.block_size;
  }
  return found;
}

KvSpec promoted(const KvSpec& local, const Promotion& rule, std::optional<Tokens> block) {
  KvSpec full = local;
  full.kind = local.kind == Kind::kSlidingWindowMla ? Kind::kMla : Kind::kFull;
  full.retained = Tokens(0);
  full.bounded_replay = false;
  if (!rule.keeps_stride) full.block_strided = false;
  if (!rule.keeps_padding) full.page_padded.reset();
  const bool takes = rule.takes_block || local.kind == Kind::kSlidingWindowMla;
  if (!takes || !block || *block == local.block_size) return full;
  full = with_block_size(full, *block);
  if (full.page_padded) full.page_padded = std::max(*full.page_padded, full.page);
  return full;
}

KvLayers promote_all(const KvLayers& layers, const Promotion& rule) {
  const auto any = [&](auto test) { return std::any_of(layers.specs.begin(), layers.specs.end(), test); };
  const auto local = [](const KvSpec& s) { return is_sliding(s.kind) || s.kind == Kind::kChunkedLocal; };
  if (!any([](const KvSpec& s) { return is_full(s.kind); }) || !any(local)) return layers;
  const std::optional<Tokens> block = full_block_size(layers);
  return change_specs(layers, [&](const KvSpec& s) { return local(s) ? promoted(s, rule, block) : s; });
}

Unified refuse(const char* text) { return {{}, text, false}; }

Unified promote(KvLayers layers, const Promotion& rule, vllm::Date as_of) {
  std::optional<std::string> refusal;
  if (settled(layers, rule, as_of, refusal)) return {std::move(layers), {}, false};
  const bool latent_window = std::any_of(layers.specs.begin(), layers.specs.end(),
                                         [](const KvSpec& s) { return s.kind == Kind::kSlidingWindowMla; });
  if (!refusal && latent_window && vllm::in_force(kLosesReplay, as_of)) return refuse(kNoReplay);
  if (!refusal) layers = promote_all(layers, rule);
  if (!refusal && settled(layers, rule, as_of, refusal)) return {std::move(layers), {}, false};
  if (refusal) return {{}, std::move(refusal), false};
  return refuse(rule.failure);
}

}  // namespace

bool always_promotes(vllm::Date as_of) { return vllm::in_force(kPromotion, as_of).always; }

Unified promote_local(KvLayers layers, vllm::Date as_of) {
  return promote(std::move(layers), vllm::in_force(kPromotion, as_of), as_of);
}

Unified without_hybrid_manager(KvLayers layers, vllm::Date as_of, std::vector<std::string>& log) {
  const Promotion& rule = vllm::in_force(kPromotion, as_of);
  if (!rule.by_replication) {
    std::optional<std::string> refusal;
    const bool done = settled(layers, rule, as_of, refusal);
    if (refusal) return {{}, std::move(refusal), false};
    if (done) return {std::move(layers), {}, false};
    if (!rule.always) log.emplace_back(kHybridManagerDisabled);
    return promote(std::move(layers), rule, as_of);
  }
  // Each part is promoted by itself; the layers keep their places.
  for (const bool sharded : {true, false}) {
    const auto part = [&](const KvSpec& s) { return (s.dcp_sharded || !is_attention(s.kind)) == sharded; };
    const KvLayers before = filter_layers(layers, part);
    Unified after = promote(before, rule, as_of);
    if (after.refusal) return after;
    if (after.layers.specs == before.specs) continue;
    log.emplace_back(kHybridManagerDisabled);
    const std::optional<Tokens> block = full_block_size(before);
    layers = change_specs(layers, [&](const KvSpec& s) {
      return part(s) && (is_sliding(s.kind) || s.kind == Kind::kChunkedLocal) ? promoted(s, rule, block) : s;
    });
  }
  return {std::move(layers), {}, false};
}

Bytes largest_page(const KvLayers& layers) {
  Bytes most;
  for (const KvSpec& spec : layers.specs) most = std::max(most, spec.page_size());
  return most;
}

Unified equal_pages(KvLayers layers, vllm::Date as_of) {
  const Bytes most = largest_page(layers);
  const Padding padding = vllm::in_force(kPadding, as_of);
  const bool pads_states = vllm::in_force(kPadsStates, as_of);
  std::vector<KvSpec> changed;
  for (std::size_t i = 0; i < layers.specs.size(); ++i) {
    const KvSpec& spec = layers.specs[i];
    KvSpec equal = spec;
    const bool pads =
        is_attention(spec.kind) &&
        (padding == Padding::kByBlockStride ? spec.block_strided : padding == Padding::kNotMla && !is_mla(spec.kind));
    if (spec.page_size() == most)
      equal = spec;
    else if (spec.kind == Kind::kMamba && pads_states)
      equal.page_padded = most;
    else if (most.count() % spec.page_size().count() == 0)
      equal = with_block_size(spec, Tokens(spec.block_size.count() * (most / spec.page_size())));
    else if (pads)
      equal.page_padded = most;
    else
      return {{}, page_mismatch(full_name(layers.first[i]), as_of), true};
    // A page that was padded before does not grow with its block.
    if (equal.page_size() != most || equal.page > most) return refuse(kAssertionError);
    changed.push_back(std::move(equal));
  }
  std::size_t next = 0;
  layers = change_specs(layers, [&](const KvSpec&) { return changed[next++]; });
  return {std::move(layers), {}, false};
}

}  // namespace vram::memory
