// Orion: Llama's layers with LayerNorm; embedding, norm and head on every stage.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"OrionForCausalLM"};

constexpr Decoder kAbsent{4096, 15360, 84608, 40, 4096, {40, 40, 0}, false};

/// source  vllm/model_executor/models/orion.py, OrionForCausalLM
void describe(Builder& builder, const Naming& naming) {
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  LayerShape shape{.layer_norm = true};
  shape.attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.layer_norm = true, .every_stage = true});
  add_layers(builder, decoder, model + ".layers", shape, layer_windows(builder, decoder));
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry orion;
const Entry orion{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
