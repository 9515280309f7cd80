// OLMo 1 to 3. The first has norms without weights; from the second on norms follow attention and MLP, and query and
// key are normed over all heads; in the third three of four layers slide.
#include <algorithm>

#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"OlmoForCausalLM", "Olmo2ForCausalLM", "Olmo3ForCausalLM"};

constexpr Decoder kAbsent{4096, 11008, 50304, 32, 2048, {32, 0, 0}, false};

constexpr vllm::Step<bool> kByTransformers[] = {
    {{}, false, "vllm v0.25.1 vllm/model_executor/models/olmo.py, olmo2.py"},
    {{2026, 7, 6}, true, "~ vllm v0.26.0 vllm/model_executor/models/registry.py"},
};
constexpr vllm::Step<bool> kThirdByTransformers[] = {
    {{}, false, "vllm v0.28.0 vllm/model_executor/models/olmo3.py"},
    {{2026, 8, 19}, true, "~ vllm v0.29.0 vllm/model_executor/models/registry.py"},
};
static_assert(vllm::well_formed(kByTransformers) && vllm::well_formed(kThirdByTransformers));

std::vector<std::string> rotary_kinds(const LayerWindows& windows, int generation) {
  if (generation < 3) return {""};
  std::vector<std::string> kinds;
  const auto has = [&](bool sliding) {
    return std::find(windows.sliding.begin(), windows.sliding.end(), sliding) != windows.sliding.end();
  };
  if (has(true)) kinds.emplace_back("sliding_attention");
  if (has(false)) kinds.emplace_back("full_attention");
  return kinds;
}

/// source  vllm/model_executor/models/olmo.py, olmo2.py, olmo3.py; transformers' modeling_olmo*.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const int generation = naming.architecture.starts_with("Olmo3")   ? 3
                         : naming.architecture.starts_with("Olmo2") ? 2
                                                                    : 1;
  const vllm::Date day = builder.options().as_of;
  const bool by_transformers =
      generation == 3 ? vllm::in_force(kThirdByTransformers, day) : vllm::in_force(kByTransformers, day);
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  if (generation == 1 && !by_transformers) decoder.heads.kv = decoder.heads.query;

  WindowDefaults absent{.used = generation == 3, .window = 4096};
  for (std::int64_t i = 0; i < decoder.layers && generation == 3; ++i) absent.sliding.push_back((i + 1) % 4 != 0);
  const LayerWindows windows = layer_windows(builder, decoder, absent);

  const bool bias = (generation == 1 || by_transformers) && config.flag_or("attention_bias", false);
  SelfAttention attention{.bias = bias, .output_bias = bias};
  const Rope rope{.head_width = decoder.heads.width, .positions = decoder.positions};
  const RotaryTable full = rotary_table(builder, rope, rope_parameters(config, "full_attention"));
  const RotaryTable sliding = generation == 3 ? sliding_rotary_table(builder, rope) : full;

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.norm = generation == 1 ? "" : "norm", .every_stage = !by_transformers});
  if (by_transformers) add_transformers_rotary(builder, model, decoder.heads.width, rotary_kinds(windows, generation));
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    attention.cache = attention_cache(builder, decoder.heads, windows.of(i));
    attention.rotary = windows.of(i) ? sliding : full;
    if (by_transformers)
      transformers_attention(layer, decoder, attention);
    else
      self_attention(layer, decoder, attention);
    if (generation > 1) {
      layer.rms_norm("self_attn.q_norm", decoder.heads.query * decoder.heads.width);
      layer.rms_norm("self_attn.k_norm", decoder.heads.kv * decoder.heads.width);
    }
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    if (generation == 1) return;
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
    layer.rms_norm("post_feedforward_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry olmo;
const Entry olmo{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
