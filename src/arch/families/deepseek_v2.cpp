// DeepSeek-V2 and V3: latent attention, experts beside shared experts after the first few layers.
#include "arch/families/deepseek_v2.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"DeepseekV2ForCausalLM",    "DeepseekV3ForCausalLM",
                                               "DeepseekV32ForCausalLM",   "GlmMoeDsaForCausalLM",
                                               "MistralLarge3ForCausalLM", "DeepseekV3BidirectionalModel"};

/// The sparse models got a class of their own, in which the first layers' MLPs follow the tokens.
constexpr vllm::Step<TokenSplit> kSparseMlp[] = {
    {{}, TokenSplit::kIgnored, "vllm v0.28.0 vllm/model_executor/models/deepseek_v2.py, DeepseekV2DecoderLayer"},
    {{2026, 8, 19}, TokenSplit::kWholeOnOneStage, "~ vllm v0.29.0 vllm/models/deepseek_v32/nvidia/model.py"},
};
static_assert(vllm::well_formed(kSparseMlp));

constexpr vllm::Step<bool> kFloatCorrectionBias[] = {
    {{}, false, "vllm v0.9.2 vllm/model_executor/models/deepseek_v2.py, DeepseekV2MoE: the model's dtype"},
    {{2025, 8, 17}, true, "~ absent in v0.10.1, in v0.10.2 vllm/model_executor/models/deepseek_v2.py"},
};
static_assert(vllm::well_formed(kFloatCorrectionBias));

/// GLM-5, and configs that say moe_router_dtype, kept their gates in float32.
constexpr vllm::Step<bool> kFloatGate[] = {
    {{}, false, "vllm v0.24.0 deepseek_v2.py, DeepseekV2MoE"},
    {{2026, 7, 5}, true, "~vllm v0.25.1 deepseek_v2.py, _get_moe_router_dtype; absent in v0.24.0"},
    {{2026, 7, 18}, false, "~vllm v0.26.0 deepseek_v2.py, DeepseekV2MoE: the router's dtype is that of its result"},
};
static_assert(vllm::well_formed(kFloatGate));

/// Attention over keys and values of every head, for configs that vLLM does not count as latent.
/// source  vllm/model_executor/models/deepseek_v2.py, DeepseekV2Attention: values are padded to the width of keys
void add_unfolded_attention(Block& layer, std::int64_t hidden, const LatentWidths& widths, const RotaryTable& rotary) {
  if (widths.query_rank) {
    layer.replicated("self_attn.q_a_proj", hidden, {*widths.query_rank});
    layer.rms_norm("self_attn.q_a_layernorm", *widths.query_rank);
    layer.column("self_attn.q_b_proj", *widths.query_rank, {widths.heads * widths.key()});
  } else {
    layer.column("self_attn.q_proj", hidden, {widths.heads * widths.key()});
  }
  layer.replicated("self_attn.kv_a_proj_with_mqa", hidden, {widths.kv_rank + widths.rope});
  layer.rms_norm("self_attn.kv_a_layernorm", widths.kv_rank);
  layer.column("self_attn.kv_b_proj", widths.kv_rank, {widths.heads * (widths.nope + widths.value)});
  layer.row("self_attn.o_proj", widths.heads * widths.value, hidden);
  layer.rotary(rotary);
  layer.attention("self_attn.attn", FullAttention{{widths.heads, widths.key(), widths.key()}});
}

/// Plain attention, for configs whose parts of a key have no width.
/// source  vllm/model_executor/models/deepseek_v2.py, DeepseekAttention
void add_plain_attention(Block& layer, const DeepseekStack& stack) {
  const Builder& builder = layer.builder();
  Decoder decoder = stack.decoder;
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  self_attention(layer, decoder,
                 {.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions}),
                  .cache = attention_cache(builder, decoder.heads)});
}

/// source  transformers' DeepseekV2Config, GlmMoeDsaConfig and DeepseekV3Config
Decoder read(const Builder& builder) {
  const std::string type = builder.text().text_or("model_type", "");
  if (type == "deepseek_v2") return read_decoder(builder, {4096, 11008, 102400, 32, 2048, {32, 0, 0}, false});
  if (type == "glm_moe_dsa") return read_decoder(builder, {6144, 12288, 154880, 78, 202752, {64, 64, 64}, false});
  return read_decoder(builder, {7168, 18432, 129280, 61, 4096, {128, 128, 0}, false});
}

/// source  vllm/model_executor/models/deepseek_v2.py, DeepseekV2ForCausalLM: never tied
void describe(Builder& builder, const Naming& naming) {
  DeepseekStack stack = read_deepseek(builder);
  const std::string model = naming.under("model");
  add_ends(builder, stack.decoder, model, naming);
  add_layers(builder, stack.decoder, model + ".layers",
             [&](Block& layer, std::int64_t i) { add_deepseek_layer(layer, stack, i); });
  stack.decoder.heads.width = stack.widths.key() == 0 ? stack.decoder.hidden / stack.decoder.heads.query
                              : stack.latent          ? stack.widths.kv_rank + stack.widths.rope
                                                      : stack.widths.key();
  describe_model(builder, stack.decoder, model + ".layers");
  builder.model.latent_attention = stack.latent;
}

}  // namespace

DeepseekStack read_deepseek(const Builder& builder) {
  const json::Fields& config = builder.text();
  const std::string type = config.text_or("model_type", "");
  DeepseekStack stack;
  stack.decoder = read(builder);
  stack.decoder.tied = false;
  stack.widths = type == "glm_moe_dsa" ? latent_widths(config, stack.decoder.heads.query, {0, 2048, 512, 192, 64, 256})
                                       : latent_widths(config, stack.decoder.heads.query);
  stack.rotary = latent_rotary(builder, stack.widths, stack.decoder.positions);
  stack.latent = uses_latents(builder);
  stack.indexing = read_indexing(builder, stack.decoder.layers, stack.rotary);
  if (type == "glm_moe_dsa" || type == "deepseek_v32")
    stack.mlp.tokens = vllm::in_force(kSparseMlp, builder.options().as_of);
  return stack;
}

void add_deepseek_layer(Block& layer, const DeepseekStack& stack, std::int64_t i) {
  const json::Fields& config = layer.builder().text();
  const std::int64_t hidden = stack.decoder.hidden;
  if (stack.widths.key() == 0)
    add_plain_attention(layer, stack);
  else if (stack.latent)
    latent_attention(layer, "self_attn", hidden, stack.widths, stack.rotary, stack.indexing, i);
  else
    add_unfolded_attention(layer, hidden, stack.widths, stack.rotary);
  if (is_deepseek_moe_layer(config, i))
    add_deepseek_experts(layer, "mlp", config, hidden);
  else
    gated_mlp(layer, "mlp", hidden, stack.decoder.intermediate, stack.mlp);
  layer.rms_norm("input_layernorm", hidden);
  layer.rms_norm("post_attention_layernorm", hidden);
}

bool is_deepseek_moe_layer(const json::Fields& config, std::int64_t i) {
  const bool any = config.has("n_routed_experts") || config.has("num_local_experts");
  return any && i >= config.count_or("first_k_dense_replace", 0) && i % config.count_or("moe_layer_freq", 1, 1) == 0;
}

void add_deepseek_experts(Block& layer, const std::string& name, const json::Fields& config, std::int64_t hidden) {
  const std::int64_t experts = config.count_of({"n_routed_experts", "num_local_experts"});
  const std::int64_t intermediate = config.count("moe_intermediate_size");
  LinearOptions gate{.quantised = false};
  const bool asks_for_float =
      config.text_or("model_type", "") == "glm_moe_dsa" || config.text_or("moe_router_dtype", "") == "float32";
  if (asks_for_float && vllm::in_force(kFloatGate, layer.builder().options().as_of)) gate.dtype = Dtype::kFloat32;
  layer.replicated(name + ".gate", hidden, {experts}, gate);
  if (config.text_or("topk_method", "") == "noaux_tc") {
    const bool is_float = vllm::in_force(kFloatCorrectionBias, layer.builder().options().as_of);
    layer.tensor(name + ".gate.e_score_correction_bias", {experts},
                 is_float ? std::optional(Dtype::kFloat32) : std::nullopt);
  }
  if (const std::int64_t shared = config.count_or("n_shared_experts", 0); shared > 0)
    gated_mlp(layer, name + ".shared_experts", hidden, intermediate * shared, {.tokens = TokenSplit::kWhole});
  layer.experts({.name = name + ".experts",
                 .count = experts,
                 .per_token = config.count_or("num_experts_per_tok", 8),
                 .hidden = hidden,
                 .intermediate = intermediate});
}

extern const Entry deepseek_v2;
const Entry deepseek_v2{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
