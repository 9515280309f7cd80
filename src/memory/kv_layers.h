// The layers of a replica as the planner sees them: every distinct spec once, and which of them each layer has.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "memory/kv_spec.h"

namespace vram::memory {

/// Layers in vLLM's order: stage after stage, within a stage as registered.
struct KvLayers {
  std::vector<KvSpec> specs;         // distinct, in order of appearance
  std::vector<std::uint16_t> spec;   // a layer: index into `specs`
  std::vector<std::uint16_t> stage;  // a layer
  struct Origin {
    const KvSpecs* stage = nullptr;
    const KvLayer* layer = nullptr;
  };
  std::vector<Origin> first;  // a spec: its first layer
  std::size_t stages = 0;

  [[nodiscard]] bool empty() const { return spec.empty(); }
};

/// The layers of all `stages`, to which the result points.
KvLayers collect_layers(std::span<const KvSpecs> stages);

/// The layers of one stage; the others stay as empty stages.
KvLayers layers_of_stage(const KvLayers& layers, std::size_t stage);

/// Only the layers whose spec `keep` accepts.
KvLayers filter_layers(const KvLayers& layers, const std::function<bool(const KvSpec&)>& keep);

/// Every spec replaced by `change` of it; specs that become equal are one from then on.
KvLayers change_specs(const KvLayers& layers, const std::function<KvSpec(const KvSpec&)>& change);

/// "model.layers.3.self_attn.attn"
std::string full_name(const KvLayers::Origin& origin);

/// What vLLM's class of the spec derives from.
constexpr bool is_full(KvSpec::Kind kind) { return kind <= KvSpec::Kind::kHiddenState; }
constexpr bool is_mla(KvSpec::Kind kind) { return kind == KvSpec::Kind::kMla || kind == KvSpec::Kind::kHiddenState; }
constexpr bool is_sliding(KvSpec::Kind kind) {
  return kind == KvSpec::Kind::kSlidingWindow || kind == KvSpec::Kind::kSlidingWindowMla;
}
constexpr bool is_attention(KvSpec::Kind kind) { return kind != KvSpec::Kind::kMamba; }

/// The spec with blocks of another size; its page follows, but for a recurrent state.
///
///   source  vllm/v1/kv_cache_interface.py, copy_with_new_block_size and _apply_alignment_padding
KvSpec with_block_size(KvSpec spec, Tokens block_size);

}  // namespace vram::memory
