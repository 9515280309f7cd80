// Qwen3-Omni's thinker and Qwen3-ASR: their encoder of sound, and in the first Qwen3-VL's tower, before Qwen 3's
// decoder with experts or without.
#include "arch/decoder.h"
#include "arch/vision/qwen3_vision.h"
#include "arch/vision/whisper_encoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Qwen3OmniMoeForConditionalGeneration",
                                               "Qwen3ASRForConditionalGeneration", "Qwen3ASRRealtimeGeneration"};

/// source  hf_to_vllm_mapper of the class
constexpr NameRule kNames[] = {{NameRule::Where::kPrefix, "thinker.lm_head.", "language_model.lm_head."},
                               {NameRule::Where::kPrefix, "thinker.model.", "language_model.model."},
                               {NameRule::Where::kPrefix, "thinker.", ""}};

/// Transformers' Qwen3OmniMoeAudioEncoderConfig, which vLLM's Qwen3ASRAudioEncoderConfig repeats.
constexpr AudioEncoder kAbsent{1280, 5120, 20, 32, 128, 1500};

/// Whose layers the encoder has: transformers' are whole on every rank, vLLM's are where its heads do not divide.
enum class Layers { kTransformers, kDivided, kDividedByHeads };
constexpr vllm::Step<Layers> kLayers[] = {
    {{}, Layers::kTransformers, "vllm v0.14.1 vllm/model_executor/models/qwen3_omni_moe_thinker.py"},
    {{2026, 1, 27}, Layers::kDivided, "~ vllm v0.19.0 qwen3_omni_moe_thinker.py, Qwen3OmniMoeAudioAttention"},
    {{2026, 9, 1}, Layers::kDividedByHeads, "~ vllm v0.33.0 qwen3_omni_moe_thinker.py; absent in v0.28.0"},
};
static_assert(vllm::well_formed(kLayers));

std::int64_t halved(std::int64_t length) { return (length + 1) / 2; }

void add_layer(Block& layer, const AudioEncoder& encoder, bool whole) {
  const LinearOptions biased{.bias = true, .quantised = !whole, .whole = whole};
  layer.qkv("self_attn.qkv_proj", encoder.width, {encoder.heads, encoder.heads, encoder.width / encoder.heads}, biased);
  layer.row("self_attn.out_proj", encoder.width, encoder.width, biased);
  layer.layer_norm("self_attn_layer_norm", encoder.width);
  layer.column("fc1", encoder.width, {encoder.intermediate}, biased);
  layer.row("fc2", encoder.intermediate, encoder.width, biased);
  layer.layer_norm("final_layer_norm", encoder.width);
}

/// source  vllm/model_executor/models/qwen3_omni_moe_thinker.py, Qwen3OmniMoeAudioEncoder
void add_audio(Builder& builder, const json::Fields& audio) {
  const AudioEncoder encoder = read_audio_encoder(audio, kAbsent);
  const Layers layers = vllm::in_force(kLayers, builder.options().as_of);
  const std::int64_t channels = audio.count_or("downsample_hidden_size", 480, 1);
  const LinearOptions plain{.quantised = false}, biased{.bias = true, .quantised = false};
  Block ends = builder.block("audio_tower");
  ends.buffer("positional_embedding.positional_embedding", {encoder.positions, encoder.width}, Dtype::kFloat32);
  convolution(ends, "conv2d1", {channels, 1, 3, 3});
  convolution(ends, "conv2d2", {channels, channels, 3, 3});
  convolution(ends, "conv2d3", {channels, channels, 3, 3});
  ends.replicated("conv_out", channels * halved(halved(halved(encoder.mel_bins))), {encoder.width}, plain);
  ends.layer_norm("ln_post", encoder.width);
  ends.replicated("proj1", encoder.width, {encoder.width}, biased);
  ends.replicated("proj2", encoder.width, {audio.count_or("output_dim", 3584, 1)}, biased);
  const Tower sound{.role = Part::Role::kAudio,
                    .whole_unless = layers == Layers::kDividedByHeads ? encoder.heads : 0,
                    .skipped_early = true};
  add_tower_part(builder, sound, std::move(ends));
  add_tower_layers(builder, sound, "audio_tower.layers", encoder.layers,
                   [&](Block& layer, std::int64_t) { add_layer(layer, encoder, layers == Layers::kTransformers); });
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  const json::Fields thinker = builder->config().inner("thinker_config");
  add_audio(*builder, thinker.inner("audio_config"));
  const bool omni = source.architecture.starts_with("Qwen3Omni");
  if (omni) add_qwen3_omni_vision(*builder, "visual", thinker.inner("vision_config"));
  add_language_model(*builder, {omni ? "Qwen3MoeForCausalLM" : "Qwen3ForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry qwen3_omni;
const Entry qwen3_omni{kArchitectures, build};

}  // namespace vram::arch::families
