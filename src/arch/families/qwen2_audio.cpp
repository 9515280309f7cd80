// Qwen2-Audio and Qwen2.5-Omni's thinker: transformers' encoders of sound before Qwen 2's decoder, in the second beside
// Qwen2.5-VL's vision tower.
#include "arch/decoder.h"
#include "arch/vision/qwen2_vision.h"
#include "arch/vision/whisper_encoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Qwen2AudioForConditionalGeneration",
                                               "Qwen2_5OmniForConditionalGeneration", "Qwen2_5OmniModel"};

/// source  hf_to_vllm_mapper of the class
constexpr NameRule kNames[] = {{NameRule::Where::kPrefix, "thinker.lm_head.", "language_model.lm_head."},
                               {NameRule::Where::kPrefix, "thinker.model.", "language_model.model."},
                               {NameRule::Where::kPrefix, "thinker.", ""}};

constexpr AudioEncoder kAbsent{1280, 5120, 20, 32, 128, 1500};
constexpr Tower kSound{.role = Part::Role::kAudio, .skipped_early = false};

/// source  vllm/model_executor/models/qwen2_audio.py; transformers' Qwen2AudioEncoder
void add_audio(Builder& builder) {
  const AudioEncoder encoder = read_audio_encoder(builder.config().inner("audio_config"), kAbsent);
  Block ends = builder.block("audio_tower");
  add_audio_convolutions(ends, encoder);
  ends.tensor("embed_positions.weight", {encoder.positions, encoder.width});
  ends.layer_norm("layer_norm", encoder.width);
  add_tower_part(builder, kSound, std::move(ends));
  add_transformers_audio_layers(builder, kSound, "audio_tower.layers", encoder);
  Block projector = builder.block("multi_modal_projector");
  projector.replicated("linear", encoder.width, {builder.text().count_or("hidden_size", 4096, 1)},
                       {.bias = true, .quantised = false});
  add_tower_part(builder, kSound, std::move(projector));
}

/// source  vllm/model_executor/models/qwen2_5_omni_thinker.py; transformers' Qwen2_5OmniAudioEncoder
void add_omni(Builder& builder) {
  const json::Fields thinker = builder.config().inner("thinker_config"), audio = thinker.inner("audio_config");
  const AudioEncoder encoder = read_audio_encoder(audio, kAbsent);
  const std::int64_t out = audio.count_or("output_dim", 3584, 1);
  Block ends = builder.block("audio_tower");
  add_audio_convolutions(ends, encoder);
  ends.buffer("positional_embedding.positional_embedding", {encoder.positions, encoder.width}, Dtype::kFloat32);
  ends.tensor("audio_bos_eos_token.weight", {2, out});
  ends.layer_norm("ln_post", encoder.width);
  ends.replicated("proj", encoder.width, {out}, {.bias = true, .quantised = false});
  Tower sound = kSound;
  sound.skipped_early = true;
  add_tower_part(builder, sound, std::move(ends));
  add_transformers_audio_layers(builder, sound, "audio_tower.layers", encoder);
  add_qwen2_5_vision(builder, "visual", thinker.inner("vision_config"));
  // This class does not say that its tower can be kept whole.
  for (Part& part : builder.model.parts) part.whole_with_data = false;
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  if (source.architecture.starts_with("Qwen2Audio"))
    add_audio(*builder);
  else
    add_omni(*builder);
  add_language_model(*builder, {"Qwen2ForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry qwen2_audio;
const Entry qwen2_audio{kArchitectures, build};

}  // namespace vram::arch::families
