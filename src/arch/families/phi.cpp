// Phi 1 and 2: attention and MLP behind one LayerNorm, rotary positions on a half of each head, biases.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"PhiForCausalLM"};

constexpr Decoder kAbsent{2048, 8192, 51200, 24, 2048, {32, 0, 0}, false};

constexpr vllm::Step<bool> kByTransformers[] = {
    {{}, false, "vllm v0.31.0 vllm/model_executor/models/phi.py"},
    {{2026, 10, 2}, true, "~ vllm v0.32.0 vllm/model_executor/models/registry.py"},
};
static_assert(vllm::well_formed(kByTransformers));

/// source  vllm/model_executor/models/phi.py; transformers' modeling_phi.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  const bool by_transformers = vllm::in_force(kByTransformers, builder.options().as_of);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  if (!by_transformers) {
    decoder.heads.kv = decoder.heads.query;
    decoder.intermediate = figure(config, {"n_inner"}, 4 * decoder.hidden);
  }
  const double partial = partial_rotary(config, {"partial_rotary_factor"}, 0.5);
  const SelfAttention attention{
      .bias = true,
      .output_bias = true,
      .rotary = rotary_table(builder,
                             {.head_width = decoder.heads.width, .positions = decoder.positions, .partial = partial}),
      .cache = attention_cache(builder, decoder.heads),
      .output = "dense"};

  const std::string model = naming.under("model");
  // The Transformers backend adds the head's bias only when it meets one in the checkpoint.
  add_ends(
      builder, decoder, model, naming,
      {.norm = "final_layernorm", .layer_norm = true, .head_bias = !by_transformers, .every_stage = !by_transformers});
  if (by_transformers) add_transformers_rotary(builder, model, std::int64_t(double(decoder.heads.width) * partial));
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    layer.layer_norm("input_layernorm", decoder.hidden);
    by_transformers ? transformers_attention(layer, decoder, attention) : self_attention(layer, decoder, attention);
    if (by_transformers && config.flag_or("qk_layernorm", false)) {
      layer.layer_norm("self_attn.q_layernorm", decoder.heads.width);
      layer.layer_norm("self_attn.k_layernorm", decoder.heads.width);
    }
    layer.column("mlp.fc1", decoder.hidden, {decoder.intermediate}, {.bias = true});
    layer.row("mlp.fc2", decoder.intermediate, decoder.hidden, {.bias = true});
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry phi;
const Entry phi{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
