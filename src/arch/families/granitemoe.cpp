// Granite 3 MoE, with a shared MLP or with sliding windows in its later classes.
#include "arch/families/granitemoe.h"

#include "json/write.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"GraniteMoeForCausalLM", "GraniteMoeSharedForCausalLM",
                                               "GraniteMoeSWAForCausalLM"};
constexpr std::string_view kFusedInput[] = {"input_linear"};

/// source  transformers' GraniteMoeConfig
constexpr Decoder kAbsent{4096, 11008, 32000, 32, 2048, {32, 0, 0}, false};

/// source  vllm/model_executor/models/granite.py, granite_layer_attn_params
struct LayerRule {
  std::vector<std::string> types;  // empty: none given
  std::vector<double> theta;       // a layer; 0: no positions; empty: the config's own for all
  std::optional<Tokens> window;
  bool sinks = false;
};

LayerRule read_rule(const json::Fields& config, std::int64_t layers) {
  LayerRule rule;
  rule.types = config.texts("layer_types");
  if (rule.types.empty() && config.text_or("model_type", "") == "granitemoe_swa")
    for (std::int64_t i = 0; i < layers; ++i) rule.types.push_back(i % 4 == 0 ? "full_attention" : "sliding_attention");
  if (const auto window = config.maybe_count("sliding_window"); !rule.types.empty())
    rule.window = Tokens(window.value_or(128));
  if (const json::Value* thetas = config.find("layer_rope_theta"); thetas && thetas->array())
    for (const json::Value& theta : *thetas->array()) rule.theta.push_back(theta.number().value_or(0));
  rule.sinks = config.flag_or("attention_sinks", !rule.types.empty());
  const auto fits = [&](std::size_t size) { return size == 0 || std::int64_t(size) >= layers; };
  if (!fits(rule.types.size())) config.refuse("layer_types", "names fewer layers than \"num_hidden_layers\"");
  if (!fits(rule.theta.size())) config.refuse("layer_rope_theta", "names fewer layers than \"num_hidden_layers\"");
  return rule;
}

void add_attention(Block& layer, const Decoder& decoder, const LayerRule& rule, RotaryTable rotary, std::size_t i) {
  const QkvHeads& heads = decoder.heads;
  const bool slides = i < rule.types.size() && rule.types[i] == "sliding_attention";
  layer.qkv("self_attn.qkv_proj", decoder.hidden, heads);
  layer.row("self_attn.o_proj", heads.query * heads.width, decoder.hidden);
  if (i < rule.theta.size()) rotary.id += json::write_line(json::Value(rule.theta[i]));
  if (i >= rule.theta.size() || rule.theta[i] != 0) layer.rotary(std::move(rotary));
  if (rule.sinks) layer.divided("self_attn.sinks", {{heads.query}});
  layer.attention("self_attn.attn", attention_cache(layer.builder(), heads, slides ? rule.window : std::nullopt),
                  rule.sinks);
}

/// source  vllm/model_executor/models/granitemoe.py and granitemoeshared.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  const RotaryTable rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  const LayerRule rule = read_rule(config, decoder.layers);
  const std::int64_t experts = config.count_or("num_local_experts", 8);
  const std::int64_t shared = config.count_or("shared_intermediate_size", 0);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    add_attention(layer, decoder, rule, rotary, std::size_t(i));
    add_granite_experts(layer, config, decoder, experts);
    if (shared > 0 && naming.architecture != "GraniteMoeForCausalLM")
      add_granite_shared_mlp(layer, decoder.hidden, shared);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

void add_granite_experts(Block& layer, const json::Fields& config, const Decoder& decoder, std::int64_t experts) {
  layer.replicated("block_sparse_moe.gate", decoder.hidden, {experts}, {.quantised = false});
  layer.experts({.name = "block_sparse_moe.experts",
                 .count = experts,
                 .per_token = config.count_or("num_experts_per_tok", 2),
                 .hidden = decoder.hidden,
                 .intermediate = decoder.intermediate});
}

void add_granite_shared_mlp(Block& layer, std::int64_t hidden, std::int64_t shared) {
  layer.column("shared_mlp.input_linear", hidden, {shared, shared}, {.shards = kFusedInput});
  layer.row("shared_mlp.output_linear", shared, hidden);
}

extern const Entry granitemoe;
const Entry granitemoe{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
