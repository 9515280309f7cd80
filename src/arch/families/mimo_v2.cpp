// MiMo-V2: full and windowed layers with heads of their own, values narrower than keys, sinks in the windows, experts
// after the first layer.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MiMoV2FlashForCausalLM", "MiMoV2ForCausalLM", "MiMoV2MTPModel"};

/// source  transformers' MiMoV2FlashConfig
constexpr Decoder kAbsent{4096, 16384, 152576, 48, 131072, {64, 4, 192}, false};

constexpr vllm::Step<bool> kPaddedValues[] = {
    {{}, true, "vllm v0.19.0 vllm/model_executor/models/mimo_v2_flash.py: values padded to the width of keys"},
    {{2026, 6, 15}, false, "~ absent in v0.23.0, in v0.24.0 vllm/model_executor/models/mimo_v2.py, DiffKV backends"},
};
static_assert(vllm::well_formed(kPaddedValues));

struct Kind {
  QkvHeads heads;
  std::optional<Tokens> window;
  bool sinks = false;
};

Kind full_kind(const json::Fields& config, const Decoder& decoder) {
  Kind kind{decoder.heads, {}, false};
  kind.heads.value_width = config.count_or("v_head_dim", 128, 1);
  return kind;
}

Kind window_kind(const json::Fields& config, const Decoder& decoder) {
  Kind kind;
  kind.heads.query = config.count_or("swa_num_attention_heads", decoder.heads.query, 1);
  kind.heads.kv = config.count_or("swa_num_key_value_heads", decoder.heads.kv, 1);
  kind.heads.width = config.count_or("swa_head_dim", decoder.heads.width, 1);
  kind.heads.value_width = config.count_or("swa_v_head_dim", kind.heads.width, 1);
  kind.window = Tokens(config.count_or("sliding_window_size", config.count_or("sliding_window", 129), 1));
  kind.sinks = config.flag_or("add_swa_attention_sink_bias", false);
  return kind;
}

void add_attention(Block& layer, const json::Fields& config, const Decoder& decoder, const Kind& kind,
                   const RotaryTable& rotary, const LinearOptions& output = {}) {
  const QkvHeads& heads = kind.heads;
  layer.qkv("self_attn.qkv_proj", decoder.hidden, heads, {.bias = config.flag_or("attention_bias", false)});
  layer.row("self_attn.o_proj", heads.query * heads.value_width, decoder.hidden, output);
  layer.rotary(rotary);
  if (kind.sinks) layer.divided("self_attn.attention_sink_bias", {{heads.query}});
  QkvHeads stored = heads;
  if (vllm::in_force(kPaddedValues, layer.builder().options().as_of)) stored.value_width = heads.width;
  layer.attention("self_attn.attn", attention_cache(layer.builder(), stored, kind.window), kind.sinks);
}

/// source  vllm/model_executor/models/mimo_v2.py, MiMoV2MoE
void add_experts(Block& layer, const json::Fields& config, std::int64_t hidden) {
  const std::int64_t experts = config.count_or("n_routed_experts", config.count_or("num_local_experts", 256));
  const Dtype router = read_dtype(config.text_or("moe_router_dtype", "float32")).value_or(Dtype::kFloat32);
  layer.replicated("mlp.gate", hidden, {experts}, {.quantised = false, .dtype = router});
  layer.tensor("mlp.gate.e_score_correction_bias", {experts}, Dtype::kFloat32);
  layer.experts({.name = "mlp.experts",
                 .count = experts,
                 .per_token = config.count_or("num_experts_per_tok", 8),
                 .hidden = hidden,
                 .intermediate = config.count_or("moe_intermediate_size", 2048)});
}

RotaryTable window_rotary(const Builder& builder, const Decoder& decoder, const Kind& window) {
  const json::Fields& config = builder.text();
  RotaryTable table = rotary_table(builder, {.head_width = window.heads.width, .positions = decoder.positions});
  // The two kinds of layers differ in their base, so each has a table of its own.
  const double theta = config.maybe_number("rope_theta").value_or(1e6);
  if (config.maybe_number("swa_rope_theta").value_or(theta) != theta) table.id += "/window";
  return table;
}

/// One windowed layer without experts, whatever the config says of further ones.
/// source  vllm/model_executor/models/mimo_v2_mtp.py
void describe_draft(Builder& builder, const Decoder& decoder, const Naming& naming) {
  const Kind window = window_kind(builder.text(), decoder);
  const std::string layers = naming.under("model") + ".mtp.layers";
  Block layer = builder.block(layers + ".0");
  layer.rms_norm("enorm", decoder.hidden);
  layer.rms_norm("hnorm", decoder.hidden);
  layer.replicated("eh_proj", 2 * decoder.hidden, {decoder.hidden}, {.quantised = false});
  layer.rms_norm("input_layernorm", decoder.hidden);
  add_attention(layer, builder.text(), decoder, window, window_rotary(builder, decoder, window), {.quantised = false});
  layer.rms_norm("pre_mlp_layernorm", decoder.hidden);
  gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
  layer.rms_norm("final_layernorm", decoder.hidden);
  builder.add_layer(std::move(layer));
  describe_model(builder, decoder, layers);
}

/// source  vllm/model_executor/models/mimo_v2.py, MiMoV2FlashForCausalLM: the head is never tied
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = false;
  if (naming.architecture == "MiMoV2MTPModel") return describe_draft(builder, decoder, naming);
  const Kind full = full_kind(config, decoder), window = window_kind(config, decoder);
  const std::vector<std::int64_t> pattern = config.counts("hybrid_layer_pattern");
  const std::vector<std::int64_t> moe = config.find("moe_layer_freq") && config.find("moe_layer_freq")->array()
                                            ? config.counts("moe_layer_freq")
                                            : std::vector<std::int64_t>();
  if (std::int64_t(pattern.size()) < decoder.layers)
    return config.refuse("hybrid_layer_pattern", "expected a number for each of " + std::to_string(decoder.layers) +
                                                     " layers, found " + std::to_string(pattern.size()));
  const RotaryTable full_table =
      rotary_table(builder, {.head_width = full.heads.width, .positions = decoder.positions});
  const RotaryTable window_table = window_rotary(builder, decoder, window);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    const bool slides = pattern[std::size_t(i)] == 1;
    add_attention(layer, config, decoder, slides ? window : full, slides ? window_table : full_table);
    if (std::size_t(i) < moe.size() && moe[std::size_t(i)] != 0)
      add_experts(layer, config, decoder.hidden);
    else
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry mimo_v2;
const Entry mimo_v2{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
