#include "memory/kv_alike.h"

#include <algorithm>

#include "memory/kv_layers.h"

namespace vram::memory {
namespace {

using Kind = KvSpec::Kind;

/// How vLLM compares the specs of two layers.
struct Likeness {
  bool type_id;       // only type, block, page and window count
  bool stored_width;  // the width of values and whatever else makes the page
  bool mla_fields;    // MLA: heads and sizes, not only the format
  bool state_pages;   // recurrent states: pages and checkpoints too
};
constexpr vllm::Step<Likeness> kLikeness[] = {
    {{}, {true, false, false, false}, "vllm v0.10.0 vllm/v1/kv_cache_interface.py type_id"},
    {{2025, 8, 1}, {false, false, false, false}, "~ vllm v0.10.1 vllm/v1/kv_cache_interface.py merge"},
    {{2026, 7, 20}, {false, false, true, false}, "~ vllm v0.27.0 vllm/v1/kv_cache_interface.py MLAAttentionSpec.merge"},
    {{2026, 8, 10}, {false, true, true, false}, "~ vllm v0.28.0 vllm/v1/kv_cache_interface.py AttentionSpec"},
    {{2026, 8, 25},
     {false, true, true, true},
     "~ vllm v0.29.0 vllm/v1/kv_cache_interface.py MambaSpec.is_uniform_with_collection"},
};
static_assert(vllm::well_formed(kLikeness));

constexpr vllm::Step<const char*> kUnlikeWindows[] = {
    {{},
     "All sliding window layers in the same KV cache group must have the same window size.",
     "vllm v0.9.2 vllm/v1/kv_cache_interface.py FullAttentionSpec.merge"},
    {{2025, 7, 15},
     "All attention layers in the same KV cache group must have the same window size.",
     "~ vllm v0.10.0 vllm/v1/kv_cache_interface.py merge_window_sizes"},
};
static_assert(vllm::well_formed(kUnlikeWindows));

template <class Test>
bool all(std::span<const KvSpec> specs, Test test) {
  return std::all_of(specs.begin(), specs.end(), test);
}

/// The one value that `get` has among `specs`; nothing where none has one. `several` is set where they differ.
template <class Get>
std::optional<Tokens> common(std::span<const KvSpec> specs, Get get, bool& several) {
  std::optional<Tokens> found;
  for (const KvSpec& spec : specs)
    if (const std::optional<Tokens> value = get(spec)) {
      several = several || (found && *found != *value);
      found = value;
    }
  return found;
}

bool same_attention(const KvSpec& a, const KvSpec& b, const Likeness& rule) {
  return a.block_size == b.block_size && a.kv_heads == b.kv_heads && a.head_size == b.head_size && a.dtype == b.dtype &&
         a.page_padded == b.page_padded && a.cache_dtype == b.cache_dtype && a.block_strided == b.block_strided &&
         a.compress_ratio == b.compress_ratio && a.dcp_sharded == b.dcp_sharded &&
         a.stride_alignment == b.stride_alignment && a.stride_kernel_block == b.stride_kernel_block &&
         (!rule.stored_width || (a.head_size_v == b.head_size_v && a.page == b.page));
}

bool same_type_id(const KvSpec& a, const KvSpec& b) {
  if (a.kind != b.kind || a.block_size != b.block_size || a.page_size() != b.page_size()) return false;
  if (a.kind == Kind::kMamba) return a.mamba_kind == b.mamba_kind;
  return a.kind == Kind::kFull || (a.window == b.window && a.chunk == b.chunk);
}

Merge merge_full(std::span<const KvSpec> specs, const Likeness& rule, vllm::Date as_of) {
  const auto plain = [](const KvSpec& s) { return s.kind == Kind::kFull || s.kind == Kind::kSinkFull; };
  bool several = false;
  KvSpec merged = specs.front();
  merged.window = common(specs, [&](const KvSpec& s) { return plain(s) ? s.window : std::nullopt; }, several);
  merged.chunk = common(specs, [](const KvSpec& s) { return s.chunk; }, several);
  if (several) return {std::nullopt, vllm::in_force(kUnlikeWindows, as_of)};
  if (merged.window && merged.chunk) return {};
  const auto like = [&](const KvSpec& s) {
    return rule.type_id ? same_type_id(s, merged) : same_attention(s, merged, rule);
  };
  if (!all(specs, like)) return {};
  return {merged, {}};
}

Merge merge_mla(std::span<const KvSpec> specs, const Likeness& rule) {
  const KvSpec& first = specs.front();
  const auto like = [&](const KvSpec& s) {
    return is_mla(s.kind) && s.cache_dtype == first.cache_dtype && s.compress_ratio == first.compress_ratio &&
           s.block_strided == first.block_strided && (!rule.mla_fields || same_attention(s, first, rule));
  };
  if (!all(specs, like)) return {};
  return {first, {}};
}

Merge merge_sliding_mla(std::span<const KvSpec> specs) {
  const KvSpec& first = specs.front();
  const auto like = [&](const KvSpec& s) {
    return s.kind == first.kind && s.cache_dtype == first.cache_dtype && s.compress_ratio == first.compress_ratio &&
           s.window == first.window && s.retained == first.retained && s.bounded_replay == first.bounded_replay &&
           s.block_strided == first.block_strided && s.dcp_sharded == first.dcp_sharded &&
           s.stride_alignment == first.stride_alignment;
  };
  if (!all(specs, like)) return {};
  return {first, {}};
}

}  // namespace

Merge merge_specs(std::span<const KvSpec> specs, vllm::Date as_of) {
  const KvSpec& first = specs.front();
  if (specs.size() == 1) return {first, {}};
  const Likeness& rule = vllm::in_force(kLikeness, as_of);
  switch (first.kind) {
    case Kind::kFull:
    case Kind::kSinkFull:
      // Unlike kinds are told apart before unlike windows.
      if (!all(specs, [](const KvSpec& s) { return is_full(s.kind) && !is_mla(s.kind); })) return {};
      if (rule.type_id && !all(specs, [&](const KvSpec& s) { return same_type_id(s, first); })) return {};
      return merge_full(specs, rule, as_of);
    case Kind::kReferenceWindow: {
      if (!all(specs, [&](const KvSpec& s) { return s.kind == first.kind && s.window == first.window; })) return {};
      Merge merged = merge_full(specs, rule, as_of);
      if (merged.spec) merged.spec->window = first.window;
      return merged;
    }
    case Kind::kMla:
    case Kind::kHiddenState:
      return merge_mla(specs, rule);
    case Kind::kSlidingWindowMla:
      return merge_sliding_mla(specs);
    case Kind::kSlidingWindow:
    case Kind::kChunkedLocal:
    case Kind::kCircularBuffer:
    case Kind::kCross:
    case Kind::kMamba:
      break;
  }
  if (!rule.type_id || !all(specs, [&](const KvSpec& s) { return same_type_id(s, first); })) return {};
  return {first, {}};
}

bool uniform_type(std::span<const KvSpec> specs, vllm::Date as_of) {
  const KvSpec& first = specs.front();
  const auto placed_alike = [&](const KvSpec& s) {
    return s.block_size == first.block_size && s.dcp_sharded == first.dcp_sharded;
  };
  if (!all(specs, placed_alike)) return false;
  switch (first.kind) {
    case Kind::kFull:
    case Kind::kSinkFull:
    case Kind::kReferenceWindow:
    case Kind::kMla:
    case Kind::kHiddenState:
      return all(specs, [](const KvSpec& s) { return is_full(s.kind); });
    case Kind::kSlidingWindow:
      return all(specs, [&](const KvSpec& s) { return is_sliding(s.kind) && s.window == first.window; });
    case Kind::kSlidingWindowMla:
      return all(specs, [&](const KvSpec& s) {
        return s.kind == first.kind && s.window == first.window && s.bounded_replay == first.bounded_replay;
      });
    case Kind::kChunkedLocal:
      return all(specs, [&](const KvSpec& s) { return s.kind == first.kind && s.chunk == first.chunk; });
    case Kind::kCircularBuffer:
    case Kind::kCross:
      return all(specs, [&](const KvSpec& s) { return s.kind == first.kind; });
    case Kind::kMamba: {
      const bool pages = vllm::in_force(kLikeness, as_of).state_pages;
      return all(specs, [&](const KvSpec& s) {
        return s.kind == first.kind && s.speculative_blocks == first.speculative_blocks &&
               (!pages ||
                (s.checkpoint_blocks == first.checkpoint_blocks && s.page_size() == first.page_size() &&
                 s.checkpoint_alignment == first.checkpoint_alignment && s.tp_replicated == first.tp_replicated));
      });
    }
  }
  return false;
}

}  // namespace vram::memory
