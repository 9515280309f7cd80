// Phi-3.5-MoE: LayerNorms and biases, experts in place of every MLP.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"PhiMoEForCausalLM"};
constexpr std::string_view kExpertShards[] = {"w1", "w3", "w2"};

/// source  transformers' PhimoeConfig
constexpr Decoder kAbsent{4096, 6400, 32064, 32, 131072, {32, 8, 0}, false};

/// source  vllm/model_executor/models/phimoe.py, PhiMoEForCausalLM: never tied, a bias whatever the config says
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = false;
  SelfAttention attention{.bias = true, .output_bias = true};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.cache =
      attention_cache(builder, decoder.heads, layer_windows(builder, decoder, {.per_layer = false}).of(0));
  const std::int64_t experts = config.count_or("num_local_experts", config.count_or("num_experts", 16));

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.layer_norm = true, .head_bias = true, .every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    self_attention(layer, decoder, attention);
    layer.replicated("block_sparse_moe.gate", decoder.hidden, {experts}, {.quantised = false});
    layer.experts({.name = "block_sparse_moe.experts",
                   .count = experts,
                   .per_token = config.count_or("num_experts_per_tok", 2),
                   .hidden = decoder.hidden,
                   .intermediate = decoder.intermediate},
                  {.shards = kExpertShards});
    layer.layer_norm("input_layernorm", decoder.hidden);
    layer.layer_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry phimoe;
const Entry phimoe{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
