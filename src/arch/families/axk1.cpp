// A.X K1: DeepSeek-V3's layers with a norm behind each MLP.
#include "arch/families/deepseek_v2.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"AXK1ForCausalLM"};

/// source  vllm/model_executor/models/AXK1.py, AXK1ForCausalLM
void describe(Builder& builder, const Naming& naming) {
  DeepseekStack stack = read_deepseek(builder);
  stack.latent = true;
  const std::string model = naming.under("model");
  add_ends(builder, stack.decoder, model, naming);
  add_layers(builder, stack.decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    add_deepseek_layer(layer, stack, i);
    layer.rms_norm("post_mlp_layernorm", stack.decoder.hidden);
  });
  stack.decoder.heads.width = stack.widths.kv_rank + stack.widths.rope;
  describe_model(builder, stack.decoder, model + ".layers");
  builder.model.latent_attention = true;
}

}  // namespace

extern const Entry axk1;
const Entry axk1{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
