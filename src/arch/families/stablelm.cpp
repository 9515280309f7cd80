// StableLM: Llama's layers with LayerNorm and rotary positions on a part of each head; everything on every stage.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"StableLmForCausalLM", "StableLMEpochForCausalLM"};

constexpr Decoder kAbsent{2560, 6912, 50304, 32, 4096, {32, 32, 0}, false};

/// The class no longer looks for rope_pct, which the config class before transformers' has.
constexpr vllm::Step<bool> kOwnNameOnly[] = {
    {{}, false, "vllm v0.10.2 vllm/model_executor/models/stablelm.py, partial_rotary_factor"},
    {{2025, 11, 20}, true, "~ vllm v0.14.1 vllm/model_executor/models/stablelm.py; transformers' StableLmConfig"},
};
static_assert(vllm::well_formed(kOwnNameOnly));

double rotary_part(const Builder& builder) {
  const json::Fields& config = builder.text();
  if (!vllm::in_force(kOwnNameOnly, builder.options().as_of))
    return partial_rotary(config, {"rope_pct", "partial_rotary_factor"}, 0.25);
  const bool own = config.text_or("model_type", "stablelm") == "stablelm";
  return partial_rotary(config, {"partial_rotary_factor", "rotary_pct", "rotary_emb_fraction"}, own ? 0.25 : 1.0);
}

/// source  vllm/model_executor/models/stablelm.py, StablelmForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  LayerShape shape{.attention = {.bias = config.flag_or("use_qkv_bias", false)}, .layer_norm = true};
  shape.attention.rotary = rotary_table(
      builder, {.head_width = decoder.heads.width, .positions = decoder.positions, .partial = rotary_part(builder)});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.layer_norm = true, .every_stage = true});
  add_layers(builder, decoder, model + ".layers", shape, layer_windows(builder, decoder));
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry stablelm;
const Entry stablelm{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
