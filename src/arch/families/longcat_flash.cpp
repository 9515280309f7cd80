// LongCat-Flash: two latent attentions and two MLPs a layer, with experts across both, some of which compute nothing.
#include "arch/decoder.h"
#include "arch/latent.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"LongcatFlashForCausalLM"};

/// source  transformers' LongcatFlashConfig
constexpr Decoder kAbsent{6144, 12288, 131072, 28, 131072, {64, 0, 64}, false};

constexpr std::int64_t kHalves = 2;

/// The router's weights and correction are in float32 whatever the config says.
constexpr vllm::Step<bool> kFloatRouter[] = {
    {{}, false, "vllm v0.25.1 vllm/model_executor/models/longcat_flash.py: where router_dtype says so"},
    {{2026, 7, 5}, true, "~ vllm v0.33.0 vllm/model_executor/models/longcat_flash.py, LongcatMoe"},
};
static_assert(vllm::well_formed(kFloatRouter));

/// Layers: transformers 4 said 56 for a config without num_hidden_layers, the count of attentions, and vLLM took it.
constexpr vllm::Step<bool> kLayersByOwnName[] = {
    {{}, false, "vllm v0.19.0 vllm/model_executor/models/longcat_flash.py, FlashConfig: num_hidden_layers"},
    {{2026, 3, 31}, true, "~ vllm v0.25.1 longcat_flash.py with transformers 5: num_layers; 0.33.0 by itself"},
};
static_assert(vllm::well_formed(kLayersByOwnName));

/// source  vllm/model_executor/models/longcat_flash.py, LongcatMoe
void add_experts(Block& layer, std::int64_t hidden) {
  const json::Fields& config = layer.builder().text();
  const std::int64_t experts = figure(config, {"n_routed_experts", "num_local_experts"}, 512);
  const std::int64_t choices = experts + config.count_or("zero_expert_num", 256);
  std::optional<Dtype> router;
  if (vllm::in_force(kFloatRouter, layer.builder().options().as_of) ||
      config.text_or("router_dtype", "float32") == "float32")
    router = Dtype::kFloat32;
  layer.replicated("mlp.gate.classifier", hidden, {choices}, {.quantised = false, .dtype = router});
  layer.tensor("mlp.gate.e_score_correction_bias", {choices}, router);
  layer.experts({.name = "mlp.experts",
                 .count = experts,
                 .per_token = figure(config, {"moe_topk", "num_experts_per_tok"}, 12),
                 .hidden = hidden,
                 .intermediate = figure(config, {"expert_ffn_hidden_size", "moe_intermediate_size"}, 2048)});
}

/// source  vllm/model_executor/models/longcat_flash.py, LongcatFlashForCausalLM: never tied
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = false;
  if (!vllm::in_force(kLayersByOwnName, builder.options().as_of))
    decoder.layers = config.has("num_hidden_layers") ? decoder.layers : kHalves * kAbsent.layers;
  else if (config.has("num_layers"))
    decoder.layers = builder.layers("num_layers");
  decoder.intermediate = figure(config, {"ffn_hidden_size", "intermediate_size"}, kAbsent.intermediate);
  const LatentWidths widths = latent_widths(config, decoder.heads.query);
  const RotaryTable rotary = latent_rotary(builder, widths, decoder.positions);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    for (std::int64_t half = 0; half < kHalves; ++half) {
      const std::string number = '.' + std::to_string(half);
      latent_attention(layer, "self_attn" + number, decoder.hidden, widths, rotary);
      gated_mlp(layer, "mlps" + number, decoder.hidden, decoder.intermediate);
      layer.rms_norm("input_layernorm" + number, decoder.hidden);
      layer.rms_norm("post_attention_layernorm" + number, decoder.hidden);
    }
    add_experts(layer, decoder.hidden);
  });
  decoder.heads.width = widths.kv_rank + widths.rope;
  describe_model(builder, decoder, model + ".layers");
  builder.model.latent_attention = true;
}

}  // namespace

extern const Entry longcat_flash;
const Entry longcat_flash{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
