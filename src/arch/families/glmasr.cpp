// GLM-ASR: an encoder of sound with rotary positions, four of its frames to a token, and Llama's decoder.
#include "arch/decoder.h"
#include "arch/vision/tower.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"GlmAsrForConditionalGeneration"};
constexpr Tower kSound{.role = Part::Role::kAudio};

/// source  vllm/model_executor/models/glmasr.py, GlmAsrEncoder; transformers' GlmAsrEncoderConfig
std::int64_t add_encoder(Builder& builder) {
  const json::Fields audio = builder.config().inner("audio_config");
  const std::int64_t hidden = audio.count_or("hidden_size", 1280, 1),
                     heads = audio.count_or("num_attention_heads", 20, 1);
  const std::int64_t kv = audio.count_or("num_key_value_heads", heads, 1), head = hidden / heads;
  const std::int64_t intermediate = audio.count_or("intermediate_size", 5120, 1);
  const LinearOptions biased{.bias = true};
  const double partial = partial_rotary(audio, {"partial_rotary_factor"}, 0.5);
  Block ends = builder.block("audio_tower");
  convolution(ends, "conv1", {hidden, audio.count_or("num_mel_bins", 128, 1), 3});
  convolution(ends, "conv2", {hidden, hidden, 3});
  ends.layer_norm("norm", hidden);
  ends.buffer("rotary_emb.inv_freq", {ceil_div(std::int64_t(double(head) * partial), 2)}, Dtype::kFloat32);
  add_tower_part(builder, kSound, std::move(ends));
  add_tower_layers(builder, kSound, "audio_tower.layers", tower_layers(audio, "num_hidden_layers", 32),
                   [&](Block& layer, std::int64_t) {
                     layer.qkv("self_attn.qkv_proj", hidden, {heads, kv, head}, biased);
                     layer.row("self_attn.o_proj", hidden, hidden, biased);
                     layer.column("mlp.fc1", hidden, {intermediate}, biased);
                     layer.row("mlp.fc2", intermediate, hidden, biased);
                     layer.layer_norm("input_layernorm", hidden);
                     layer.layer_norm("post_attention_layernorm", hidden);
                   });
  return intermediate;
}

/// source  vllm/model_executor/models/glmasr.py, GlmAsrForConditionalGeneration
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const std::int64_t merged = add_encoder(*builder), hidden = builder->text().count_or("hidden_size", 2048, 1);
  Block projector = builder->block("multi_modal_projector");
  projector.column("linear_1", merged, {2 * hidden}, {.bias = true});
  projector.row("linear_2", 2 * hidden, hidden, {.bias = true});
  add_tower_part(*builder, kSound, std::move(projector));
  add_language_model(*builder, {"LlamaForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry glmasr;
const Entry glmasr{kArchitectures, build};

}  // namespace vram::arch::families
