// Seed-OSS: Llama's layers with a bias on query, key and value.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"SeedOssForCausalLM"};

constexpr Decoder kAbsent{4096, 27648, 155136, 64, 524288, {80, 8, 128}, false};

constexpr vllm::Step<bool> kByTransformers[] = {
    {{}, false, "vllm v0.31.0 vllm/model_executor/models/seed_oss.py"},
    {{2026, 10, 2}, true, "~ vllm v0.32.0 vllm/model_executor/models/registry.py"},
};
static_assert(vllm::well_formed(kByTransformers));

/// source  vllm/model_executor/models/seed_oss.py; transformers' modeling_seed_oss.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  LayerShape shape{.attention = {.bias = true},
                   .by_transformers = vllm::in_force(kByTransformers, builder.options().as_of)};
  shape.attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  if (shape.by_transformers) {
    // transformers' class heeds what vLLM's took for granted.
    shape.attention.bias = config.flag_or("attention_bias", true);
    shape.attention.output_bias = config.flag_or("attention_out_bias", false);
    shape.mlp.bias = config.flag_or("mlp_bias", false);
  }

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  if (shape.by_transformers) add_transformers_rotary(builder, model, decoder.heads.width);
  add_layers(builder, decoder, model + ".layers", shape, layer_windows(builder, decoder));
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry seed_oss;
const Entry seed_oss{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
