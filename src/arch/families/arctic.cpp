// Snowflake Arctic: experts in every other layer, beside a dense MLP as wide as the hidden state. vLLM had the class up
// to 0.28.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"ArcticForCausalLM"};

constexpr Decoder kAbsent{4096, 14336, 32000, 32, 4096, {32, 0, 0}, false};

void add_mlp(Block& layer, const std::string& name, std::int64_t hidden, std::int64_t intermediate) {
  layer.column(name + ".w13", hidden, {intermediate, intermediate});
  layer.row(name + ".w2", intermediate, hidden);
}

/// source  vllm v0.28.0 vllm/model_executor/models/arctic.py, ArcticMoE: experts that no format stores
void add_experts(Block& layer, const Decoder& decoder) {
  const json::Fields& config = layer.builder().text();
  const std::int64_t experts = config.count_or("num_local_experts", 8, 1);
  layer.replicated("block_sparse_moe.gate", decoder.hidden, {experts});
  layer.experts({.name = "block_sparse_moe",
                 .count = experts,
                 .per_token = config.count_or("num_experts_per_tok", 1, 1),
                 .hidden = decoder.hidden,
                 .intermediate = decoder.intermediate},
                {.quantised = false});
}

/// source  the same, ArcticForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  SelfAttention attention;
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.cache = attention_cache(builder, decoder.heads);
  const std::int64_t every = config.count_or("moe_layer_frequency", 2, 1);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    const bool sparse = (i + 1) % every == 0;
    self_attention(layer, decoder, attention);
    if (sparse)
      add_experts(layer, decoder);
    else
      add_mlp(layer, "block_sparse_moe.mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
    if (!sparse || !config.flag_or("use_residual", true)) return;
    layer.rms_norm("residual_layernorm", decoder.hidden);
    add_mlp(layer, "residual_mlp", decoder.hidden, decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry arctic;
const Entry arctic{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
