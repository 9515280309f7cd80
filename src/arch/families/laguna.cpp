// Laguna: head counts and windows layer by layer, gated attention, experts beside one shared expert.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"LagunaForCausalLM"};

/// source  transformers' LagunaConfig
constexpr Decoder kAbsent{2048, 8192, 100352, 40, 131072, {48, 8, 128}, false};

/// Gate and up projections are not merged.
void add_mlp(Block& layer, const std::string& name, std::int64_t hidden, std::int64_t intermediate) {
  layer.column(name + ".gate_proj", hidden, {intermediate});
  layer.column(name + ".up_proj", hidden, {intermediate});
  layer.row(name + ".down_proj", intermediate, hidden);
}

/// source  vllm/model_executor/models/laguna.py, LagunaMoE
void add_experts(Block& layer, const json::Fields& config, std::int64_t hidden) {
  const std::int64_t experts = config.count_or("num_experts", 256);
  layer.replicated("mlp.gate", hidden, {experts}, {.quantised = false});
  if (const std::int64_t shared = config.count_or("shared_expert_intermediate_size", 512); shared > 0)
    add_mlp(layer, "mlp.shared_expert", hidden, shared);
  layer.tensor("mlp.experts.e_score_correction_bias", {experts}, Dtype::kFloat32);
  layer.experts({.name = "mlp.experts",
                 .count = experts,
                 .per_token = config.count_or("num_experts_per_tok", 8),
                 .hidden = hidden,
                 .intermediate = config.count_or("moe_intermediate_size", 512)});
}

/// source  vllm/model_executor/models/laguna.py, LagunaAttention: a flat set of parameters serves all layers unless
///         swa_rope_parameters says otherwise
RotaryTable rotary(const Builder& builder, const Decoder& decoder, bool slides) {
  const json::Fields& config = builder.text();
  const Rope rope{.head_width = decoder.heads.width, .positions = decoder.positions};
  if (slides && config.has("swa_rope_parameters"))
    return rotary_table(builder, rope, config.inner("swa_rope_parameters"));
  json::Fields parameters = rope_parameters(config, slides ? "sliding_attention" : "full_attention");
  if (slides && parameters.has("full_attention")) parameters = parameters.inner("full_attention");
  if (!config.has("rope_parameters"))
    return rotary_table(builder, {rope.head_width, rope.positions, {}, slides ? 1.0 : 0.5}, parameters);
  return rotary_table(builder, rope, parameters);
}

void add_attention(Block& layer, const json::Fields& config, const Decoder& decoder, const QkvHeads& heads,
                   std::optional<Tokens> window, const RotaryTable& table) {
  const bool bias = config.flag_or("attention_bias", false);
  layer.qkv("self_attn.qkv_proj", decoder.hidden, heads, {.bias = bias});
  layer.row("self_attn.o_proj", heads.query * heads.width, decoder.hidden, {.bias = bias});
  const json::Value* gating = config.find("gating");
  const bool off = gating && gating->boolean() && !*gating->boolean();
  const bool by_element = gating && gating->string() && *gating->string() != "per-head";
  if (!off) layer.column("self_attn.g_proj", decoder.hidden, {by_element ? heads.query * heads.width : heads.query});
  const bool sinks = window && config.flag_or("swa_attention_sink_enabled", false);
  if (sinks) layer.divided("self_attn.sink", {{heads.query}});
  layer.rotary(table);
  layer.attention("self_attn.attn", attention_cache(layer.builder(), heads, window), sinks);
  layer.rms_norm("self_attn.q_norm", heads.width);
  layer.rms_norm("self_attn.k_norm", heads.width);
}

/// source  vllm/model_executor/models/laguna.py, LagunaForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  const std::vector<std::string> kinds = config.texts("mlp_layer_types");
  const std::vector<std::int64_t> queries = config.counts("num_attention_heads_per_layer");
  const LayerWindows windows = layer_windows(
      builder, decoder, {.window = 512, .sliding = std::vector<bool>(std::size_t(decoder.layers), false)});
  const auto fits = [&](std::size_t size) { return size == 0 || std::int64_t(size) >= decoder.layers; };
  if (!fits(kinds.size()) || !fits(queries.size()))
    return config.refuse("mlp_layer_types", "expected an entry for each of " + std::to_string(decoder.layers) +
                                                " layers, as in num_attention_heads_per_layer");
  const RotaryTable full = rotary(builder, decoder, false), sliding = rotary(builder, decoder, true);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    QkvHeads heads = decoder.heads;
    if (!queries.empty()) heads.query = queries[std::size_t(i)];
    const std::optional<Tokens> window = windows.of(i);
    add_attention(layer, config, decoder, heads, window, window ? sliding : full);
    const bool sparse = kinds.empty() ? i > 0 : kinds[std::size_t(i)] == "sparse";
    if (sparse && config.count_or("num_experts", 256) > 0)
      add_experts(layer, config, decoder.hidden);
    else
      add_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry laguna;
const Entry laguna{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
