// Llama 4 with images: an encoder with rotary positions in two dimensions, an adapter that shuffles pixels into
// channels, and Llama 4's decoder.
#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Llama4ForConditionalGeneration"};

/// source  transformers' Llama4VisionConfig
constexpr VisionEncoder kAbsent{768, 5632, 34, 16, 3, 448, 14};

/// One table of complex numbers for all layers.
/// source  vllm/model_executor/layers/rotary_embedding/llama4_vision_rope.py
RotaryTable rotary_of(const VisionEncoder& encoder) {
  return {"self_attn.rotary_emb.cos_sin_cache", "llama4 vision", encoder.patches() + 1, encoder.head() / 2,
          Dtype::kComplex64};
}

/// source  vllm/model_executor/models/mllama4.py, Llama4VisionModel; nothing of it is quantised
void add_tower(Builder& builder, const json::Fields& vision) {
  const VisionEncoder encoder = read_vision_encoder(vision, kAbsent);
  const Tower tower{.role = Part::Role::kImages, .whole_with_data = true, .skipped_early = true};
  const LinearOptions plain{.quantised = false}, biased{.bias = true, .quantised = false};
  Block ends = builder.block("vision_model");
  ends.column("patch_embedding.linear", encoder.channels * encoder.patch * encoder.patch, {encoder.hidden}, plain);
  ends.tensor("class_embedding", {encoder.hidden});
  ends.tensor("positional_embedding_vlm", {encoder.patches() + 1, encoder.hidden});
  ends.layer_norm("layernorm_pre", encoder.hidden);
  ends.layer_norm("layernorm_post", encoder.hidden);
  const LinearOptions adapter{.bias = vision.flag_or("multi_modal_projector_bias", false), .quantised = false};
  const std::int64_t projected = vision.count_or("projector_input_dim", 4096, 1);
  ends.column("vision_adapter.mlp.fc1", encoder.intermediate, {projected}, adapter);
  ends.row("vision_adapter.mlp.fc2", projected, vision.count_or("projector_output_dim", 4096, 1), adapter);
  ends.rotary(rotary_of(encoder));
  add_tower_part(builder, tower, std::move(ends));
  add_tower_layers(builder, tower, "vision_model.model.layers", encoder.layers, [&](Block& layer, std::int64_t) {
    layer.qkv("self_attn.qkv_proj", encoder.hidden, {encoder.heads, encoder.heads, encoder.head()}, biased);
    layer.row("self_attn.o_proj", encoder.hidden, encoder.hidden, biased);
    add_plain_mlp(layer, "mlp", encoder.hidden, encoder.intermediate, biased);
    layer.layer_norm("input_layernorm", encoder.hidden);
    layer.layer_norm("post_attention_layernorm", encoder.hidden);
  });
  Block projector = builder.block("multi_modal_projector");
  projector.column("linear_1", vision.count_or("vision_output_dim", 7680, 1),
                   {builder.text().count_or("hidden_size", 5120, 1)}, plain);
  add_tower_part(builder, {.role = Part::Role::kImages, .skipped_early = true}, std::move(projector));
}

/// source  vllm/model_executor/models/mllama4.py, Llama4ForConditionalGeneration
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  add_tower(*builder, builder->config().inner("vision_config"));
  add_language_model(*builder, {"Llama4ForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry llama4_mm;
const Entry llama4_mm{kArchitectures, build};

}  // namespace vram::arch::families
