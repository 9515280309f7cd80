// Audio Flamingo 3: transformers' encoder of sound, a projector of two layers, and Qwen 2's decoder.
#include "arch/decoder.h"
#include "arch/vision/whisper_encoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"AudioFlamingo3ForConditionalGeneration"};
constexpr Tower kSound{.role = Part::Role::kAudio};

/// source  transformers' AudioFlamingo3EncoderConfig, whose names are not Whisper's
AudioEncoder read_encoder(const json::Fields& audio) {
  return {figure(audio, {"d_model", "hidden_size"}, 1280),
          figure(audio, {"encoder_ffn_dim", "intermediate_size"}, 5120),
          figure(audio, {"encoder_attention_heads", "num_attention_heads"}, 20),
          tower_layers(audio, audio.has("encoder_layers") ? "encoder_layers" : "num_hidden_layers", 32),
          audio.count_or("num_mel_bins", 128, 1),
          audio.count_or("max_source_positions", 1500, 1)};
}

/// source  vllm/model_executor/models/audioflamingo3.py, AudioFlamingo3ForConditionalGeneration
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const AudioEncoder encoder = read_encoder(builder->config().inner("audio_config"));
  Block ends = builder->block("audio_tower");
  add_audio_convolutions(ends, encoder);
  ends.tensor("embed_positions.weight", {encoder.positions, encoder.width});
  ends.layer_norm("layer_norm", encoder.width);
  add_tower_part(*builder, kSound, std::move(ends));
  add_transformers_audio_layers(*builder, kSound, "audio_tower.layers", encoder);

  const std::int64_t hidden = builder->text().count_or("hidden_size", 4096, 1);
  const LinearOptions linears{.bias = builder->config().flag_or("projector_bias", true), .quantised = false};
  Block projector = builder->block("multi_modal_projector");
  projector.replicated("linear_1", encoder.width, {hidden}, linears);
  projector.replicated("linear_2", hidden, {hidden}, linears);
  add_tower_part(*builder, kSound, std::move(projector));
  add_language_model(*builder, {"Qwen2ForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry audioflamingo3;
const Entry audioflamingo3{kArchitectures, build};

}  // namespace vram::arch::families
