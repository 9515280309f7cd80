// Mixtral: Mistral with experts in place of every MLP.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MixtralForCausalLM"};
constexpr std::string_view kExpertShards[] = {"w1", "w3", "w2"};

/// source  transformers' MixtralConfig
constexpr Decoder kAbsent{4096, 14336, 32000, 32, 131072, {32, 8, 0}, false};

/// source  vllm/model_executor/models/mixtral.py, MixtralForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  const LayerWindows windows = layer_windows(builder, decoder, {.per_layer = false});
  SelfAttention attention;
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  const std::int64_t experts = config.count_or("num_local_experts", config.count_or("num_experts", 8));

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    attention.cache = attention_cache(builder, decoder.heads, windows.of(i));
    self_attention(layer, decoder, attention);
    layer.replicated("block_sparse_moe.gate", decoder.hidden, {experts}, {.quantised = false});
    layer.experts({.name = "block_sparse_moe.experts",
                   .count = experts,
                   .per_token = config.count_or("num_experts_per_tok", 2),
                   .hidden = decoder.hidden,
                   .intermediate = decoder.intermediate},
                  {.shards = kExpertShards});
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry mixtral;
const Entry mixtral{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
