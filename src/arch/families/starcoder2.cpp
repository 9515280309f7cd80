// StarCoder 2: LayerNorm, a plain MLP and biases throughout.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Starcoder2ForCausalLM"};

constexpr Decoder kAbsent{3072, 12288, 49152, 30, 4096, {24, 2, 0}, true};

constexpr vllm::Step<bool> kByTransformers[] = {
    {{}, false, "vllm v0.24.0 vllm/model_executor/models/starcoder2.py"},
    {{2026, 6, 24}, true, "~ vllm v0.25.1 vllm/model_executor/models/registry.py"},
};
static_assert(vllm::well_formed(kByTransformers));

/// source  vllm/model_executor/models/starcoder2.py; transformers' modeling_starcoder2.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  const bool by_transformers = vllm::in_force(kByTransformers, builder.options().as_of);
  const bool bias = config.flag_or("use_bias", true);
  const SelfAttention attention{
      .bias = bias,
      .output_bias = bias,
      .rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions}),
      .cache = attention_cache(builder, decoder.heads, layer_windows(builder, decoder).window)};

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.layer_norm = true, .every_stage = !by_transformers});
  if (by_transformers) add_transformers_rotary(builder, model, decoder.heads.width);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    by_transformers ? transformers_attention(layer, decoder, attention) : self_attention(layer, decoder, attention);
    layer.column("mlp.c_fc", decoder.hidden, {decoder.intermediate}, {.bias = bias});
    layer.row("mlp.c_proj", decoder.intermediate, decoder.hidden, {.bias = bias});
    layer.layer_norm("input_layernorm", decoder.hidden);
    layer.layer_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry starcoder2;
const Entry starcoder2{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
