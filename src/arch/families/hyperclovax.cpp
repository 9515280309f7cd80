// HyperCLOVA X SEED: Llama's layers with scaled residuals and, where the config says so, a norm after each half.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"HyperCLOVAXForCausalLM"};
constexpr std::string_view kPostNorms[] = {"input_layernorm", "post_attention_layernorm", "post_norm1", "post_norm2"};

/// source  vllm/model_executor/models/hyperclovax.py, HyperCLOVAXForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder);
  const bool bias = config.flag_or("attention_bias", false);
  LayerShape shape{.attention = {.bias = bias}, .mlp = {.bias = config.flag_or("mlp_bias", false)}};
  shape.attention.output_bias = bias;
  shape.attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  if (config.flag_or("use_post_norm", false)) shape.norms = kPostNorms;

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", shape, layer_windows(builder, decoder));
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry hyperclovax;
const Entry hyperclovax{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
