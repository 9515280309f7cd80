// OLMo-Hybrid: gated delta nets of three projections, with OLMo 3's attention in every fourth layer.
#include "arch/decoder.h"
#include "arch/gated_delta.h"
#include "arch/layer_kinds.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"OlmoHybridForCausalLM"};
constexpr std::string_view kFusedShards[] = {"q_proj", "k_proj", "v_proj", "g_proj"};
constexpr ModelNames::Packed kPacked[] = {{"in_proj_qkvg", kFusedShards}};

/// source  transformers' OlmoHybridConfig
constexpr Decoder kAbsent{3840, 11008, 100352, 32, 65536, {30, 0, 0}, false};

GatedDelta read_delta(const json::Fields& config, const Decoder& decoder) {
  GatedDelta absent{decoder.heads.query, decoder.heads.query, 0, 0, 4};
  absent.key_heads = config.count_or("linear_num_key_heads", absent.key_heads, 1);
  absent.key_width = std::int64_t(0.75 * double(decoder.hidden) / double(absent.key_heads));
  absent.value_width = 2 * config.count_or("linear_key_head_dim", absent.key_width, 1);
  return gated_delta(config, absent);
}

/// source  vllm/model_executor/layers/mamba/gdn/olmo_gdn_linear_attn.py, OlmoHybridGatedDeltaNetAttention
void add_delta_net(Block& layer, std::int64_t hidden, const GatedDelta& widths) {
  const std::string name = "linear_attn";
  const std::int64_t key = widths.key(), value = widths.value();
  layer.column(name + ".in_proj_qkvg", hidden, {key, key, value, value}, {.shards = kFusedShards});
  layer.column(name + ".b_proj", hidden, {widths.value_heads});
  layer.column(name + ".a_proj", hidden, {widths.value_heads});
  layer.column(name + ".conv1d", widths.kernel, {2 * key + value}, {.quantised = false});
  layer.divided(name + ".dt_bias", {{widths.value_heads}});
  layer.divided(name + ".A_log", {{widths.value_heads}});
  layer.rms_norm(name + ".o_norm", widths.value_width);
  layer.row(name + ".o_proj", value, hidden);
  GatedDeltaState state = widths.state();
  state.implementation = GatedDeltaState::Class::kOlmo;
  layer.cache(name, state);
}

/// source  vllm/model_executor/models/olmo_hybrid.py, OlmoHybridForCausalLM: the ends are on every stage
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  const json::Fields rope = rope_parameters(config);
  const bool rotates = rope.has("rope_theta") || config.has("rope_theta");
  const RotaryTable rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  const GatedDelta widths = read_delta(config, decoder);
  const std::vector<std::string> kinds =
      layer_kinds(config, "layer_types", decoder.layers, every(4, decoder.layers, "full_attention", "linear_attention"),
                  {"linear_attention", "full_attention"});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    if (kinds[std::size_t(i)] == "linear_attention") {
      add_delta_net(layer, decoder.hidden, widths);
      layer.rms_norm("input_layernorm", decoder.hidden);
      layer.rms_norm("post_attention_layernorm", decoder.hidden);
    } else {
      SelfAttention attention{.cache = attention_cache(builder, decoder.heads)};
      if (rotates) attention.rotary = rotary;
      self_attention(layer, decoder, attention);
      layer.rms_norm("self_attn.k_norm", decoder.heads.kv * decoder.heads.width);
      layer.rms_norm("self_attn.q_norm", decoder.hidden);
      layer.rms_norm("post_attention_layernorm", decoder.hidden);
      layer.rms_norm("post_feedforward_layernorm", decoder.hidden);
    }
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.recurrent = true;
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.packed = kPacked});
  if (!builder) return builder.error();
  describe(*builder, {source.architecture, ""});
  return builder->finish();
}

}  // namespace

extern const Entry olmo_hybrid;
const Entry olmo_hybrid{kArchitectures, build, describe};

}  // namespace vram::arch::families
