// GLM-4-9B in transformers' format and GLM-4-0414: Llama's layers with a bias on query, key and value alone, rotary
// positions on half of each head, and in the second two norms more.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"GlmForCausalLM", "Glm4ForCausalLM"};
constexpr std::string_view kMergedGateUp[] = {"gate_up_proj"};
constexpr std::string_view kFourNorms[] = {"input_layernorm", "post_attention_layernorm", "post_self_attn_layernorm",
                                           "post_mlp_layernorm"};

constexpr Decoder kAbsent{4096, 13696, 151552, 40, 131072, {32, 2, 128}, false};

constexpr vllm::Step<bool> kByTransformers[] = {
    {{}, false, "vllm v0.31.0 vllm/model_executor/models/glm.py"},
    {{2026, 10, 2}, true, "~ vllm v0.32.0 vllm/model_executor/models/registry.py"},
};
static_assert(vllm::well_formed(kByTransformers));

/// Where the config says nothing: the config classes of text models have a bias and a head's width, those of language
/// models inside others have neither.
bool is_text_model(const json::Fields& config) {
  const std::string type = config.text_or("model_type", "glm4");
  return type == "glm" || type == "glm4";
}

/// source  transformers' GlmConfig, Glm4vTextConfig and GlmOcrTextConfig
Decoder absent_of(const json::Fields& config) {
  if (config.text_or("model_type", "") == "glm_ocr_text") return {1024, 4096, 59392, 16, 131072, {16, 8, 0}, true};
  Decoder absent = kAbsent;
  if (!is_text_model(config)) absent.heads.width = 0;
  return absent;
}

/// source  vllm/model_executor/models/glm.py, glm4.py; transformers' modeling_glm.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const bool fourth = naming.architecture == "Glm4ForCausalLM";
  const Decoder decoder = read_decoder(builder, absent_of(config));
  LayerShape shape{.attention = {.bias = config.flag_or("attention_bias", is_text_model(config))},
                   .mlp = {.shards = kMergedGateUp},
                   .by_transformers = !fourth && vllm::in_force(kByTransformers, builder.options().as_of)};
  if (fourth) shape.norms = kFourNorms;
  // Before it left, the first one's class fixed the share of rotary positions.
  const double partial = fourth || shape.by_transformers ? partial_rotary(config, {"partial_rotary_factor"}, 0.5) : 0.5;
  shape.attention.rotary =
      rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions, .partial = partial});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  if (shape.by_transformers)
    add_transformers_rotary(builder, model, std::int64_t(double(decoder.heads.width) * partial));
  add_layers(builder, decoder, model + ".layers", shape, layer_windows(builder, decoder));
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry glm;
const Entry glm{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
