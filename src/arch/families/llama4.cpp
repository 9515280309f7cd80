// Llama 4's language model: chunked attention with rotary positions in most layers, full attention without positions in
// the others, one expert of many beside a shared one.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Llama4ForCausalLM"};

/// source  transformers' Llama4TextConfig
constexpr Decoder kAbsent{5120, 8192, 202048, 48, 131072, {40, 8, 128}, false};

/// Layers that attend within chunks keep no more than those; before, they were stored like the others.
constexpr vllm::Step<bool> kStoresChunks[] = {
    {{}, false, "vllm v0.9.2 vllm/v1/worker/gpu_model_runner.py, get_kv_cache_spec"},
    {{2025, 7, 15}, true, "~ vllm v0.10.0 vllm/v1/kv_cache_interface.py, ChunkedLocalAttentionSpec"},
};
static_assert(vllm::well_formed(kStoresChunks));

/// Layers whose entry is 0 have no positions.
std::vector<std::int64_t> positions_by_layer(const json::Fields& config, std::int64_t layers) {
  std::vector<std::int64_t> rope = config.counts("no_rope_layers");
  const std::int64_t interval = config.count_or("no_rope_layer_interval", 4, 1);
  if (rope.empty())
    for (std::int64_t i = 0; i < layers; ++i) rope.push_back((i + 1) % interval != 0);
  if (std::int64_t(rope.size()) < layers)
    config.refuse("no_rope_layers", "names " + std::to_string(rope.size()) + " layers of " + std::to_string(layers));
  rope.resize(std::size_t(layers), 1);
  return rope;
}

/// source  vllm/model_executor/models/llama4.py, Llama4MoE
void add_experts(Block& layer, const json::Fields& config, const Decoder& decoder) {
  const std::int64_t experts = config.count_or("num_local_experts", 16);
  layer.replicated("feed_forward.router", decoder.hidden, {experts}, {.quantised = false});
  gated_mlp(layer, "feed_forward.shared_expert", decoder.hidden, decoder.intermediate, {.tokens = TokenSplit::kWhole});
  layer.experts({.name = "feed_forward.experts",
                 .count = experts,
                 .per_token = config.count_or("num_experts_per_tok", 1),
                 .hidden = decoder.hidden,
                 .intermediate = decoder.intermediate});
}

/// source  vllm/model_executor/models/llama4.py, Llama4ForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  const std::vector<std::int64_t> rope = positions_by_layer(config, decoder.layers);
  const std::int64_t chunk = config.is_null("attention_chunk_size") ? 0 : config.count_or("attention_chunk_size", 8192);
  const std::int64_t every = config.count_or("interleave_moe_layer_step", 1);
  const std::int64_t dense = config.count_or("intermediate_size_mlp", 16384, 1);
  const bool chunked = chunk > 0 && vllm::in_force(kStoresChunks, builder.options().as_of);
  SelfAttention attention;
  const RotaryTable rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    const bool positions = rope[std::size_t(i)] != 0;
    attention.rotary = positions ? std::optional(rotary) : std::nullopt;
    attention.cache = attention_cache(builder, decoder.heads);
    if (positions && chunked)
      attention.cache = ChunkedLocal{{decoder.heads.kv, decoder.heads.width, decoder.heads.width}, Tokens(chunk)};
    self_attention(layer, decoder, attention);
    if (every > 0 && (i + 1) % every == 0)
      add_experts(layer, config, decoder);
    else
      gated_mlp(layer, "feed_forward", decoder.hidden, dense);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry llama4;
const Entry llama4{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
