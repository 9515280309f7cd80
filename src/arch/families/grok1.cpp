// Grok 1 and 2: norms on both sides of attention and experts, and in the second an MLP beside the experts. vLLM had the
// class up to 0.24.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Grok1ModelForCausalLM", "Grok1ForCausalLM"};
constexpr std::string_view kExpertShards[] = {"linear", "linear_v", "linear_1"};

constexpr Decoder kAbsent{6144, 32768, 131072, 64, 131072, {48, 8, 0}, false};

/// source  vllm v0.19.0 vllm/model_executor/models/grok1.py, GrokBaseForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  SelfAttention attention{.name = "attn"};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.cache = attention_cache(builder, decoder.heads);
  const std::int64_t experts = figure(config, {"num_local_experts", "num_experts"}, 8);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    self_attention(layer, decoder, attention);
    layer.replicated("moe_block.gate", decoder.hidden, {experts}, {.quantised = false});
    layer.experts({.name = "moe_block.experts",
                   .count = experts,
                   .per_token = config.count_or("num_experts_per_tok", 2, 1),
                   .hidden = decoder.hidden,
                   .intermediate = config.count_or("moe_intermediate_size", decoder.intermediate, 1)},
                  {.shards = kExpertShards});
    for (const char* norm : {"pre_attn_norm", "post_attn_norm", "pre_moe_norm", "post_moe_norm"})
      layer.rms_norm(norm, decoder.hidden);
    if (config.flag_or("residual_moe", false)) gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry grok1;
const Entry grok1{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
