// A.X K1: DeepSeek-V3's layers with a norm behind each MLP.
#include "arch/families/deepseek_v2.h"
#include "arch/layer_kinds.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"AXK1ForCausalLM"};

/// Whether each layer has experts: "mlp_layer_types", or as DeepSeek's.
std::vector<std::string> mlp_kinds(const json::Fields& config, std::int64_t layers) {
  std::vector<std::string> kinds;
  for (std::int64_t i = 0; i < layers; ++i) kinds.push_back(is_deepseek_moe_layer(config, i) ? "sparse" : "dense");
  return layer_kinds(config, "mlp_layer_types", layers, std::move(kinds), {"dense", "sparse"});
}

/// source  vllm/model_executor/models/AXK1.py, AXK1DecoderLayer
void add_layer(Block& layer, const DeepseekStack& stack, bool sparse) {
  const json::Fields& config = layer.builder().text();
  const std::int64_t hidden = stack.decoder.hidden;
  latent_attention(layer, "self_attn", hidden, stack.widths, stack.rotary);
  if (sparse) {
    add_deepseek_experts(layer, "mlp", config, hidden);
    if (!config.has("topk_method"))
      layer.tensor("mlp.gate.e_score_correction_bias", {config.count("n_routed_experts")}, Dtype::kFloat32);
  } else {
    gated_mlp(layer, "mlp", hidden, stack.decoder.intermediate, stack.mlp);
  }
  for (const char* norm : {"input_layernorm", "post_attention_layernorm", "post_mlp_layernorm"})
    layer.rms_norm(norm, hidden);
}

/// source  vllm/model_executor/models/AXK1.py, AXK1ForCausalLM
void describe(Builder& builder, const Naming& naming) {
  DeepseekStack stack = read_deepseek(builder);
  const std::vector<std::string> mlps = mlp_kinds(builder.text(), stack.decoder.layers);
  const std::string model = naming.under("model");
  add_ends(builder, stack.decoder, model, naming);
  add_layers(builder, stack.decoder, model + ".layers",
             [&](Block& layer, std::int64_t i) { add_layer(layer, stack, mlps[std::size_t(i)] == "sparse"); });
  stack.decoder.heads.width = stack.widths.kv_rank + stack.widths.rope;
  describe_model(builder, stack.decoder, model + ".layers");
  builder.model.latent_attention = true;
}

}  // namespace

extern const Entry axk1;
const Entry axk1{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
