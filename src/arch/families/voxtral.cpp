// Voxtral: Whisper's encoder under Mistral's names before Mistral's decoder, four frames of sound to a token.
#include "arch/decoder.h"
#include "arch/vision/whisper_encoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"VoxtralForConditionalGeneration"};

/// The encoder's filters count among the model's tensors.
constexpr vllm::Step<bool> kFiltersCount[] = {
    {{}, false, "vllm v0.28.0 vllm/model_executor/models/voxtral.py, VoxtralEncoderModel: outside the buffers"},
    {{2026, 8, 19}, true, "~ vllm v0.33.0 vllm/model_executor/models/voxtral.py, register_buffer"},
};
static_assert(vllm::well_formed(kFiltersCount));

/// source  transformers' VoxtralEncoderConfig; Mistral's params.json, which vLLM reads instead, says the same
AudioEncoder read_encoder(const json::Fields& audio) {
  AudioEncoder encoder;
  encoder.width = figure(audio, {"d_model", "hidden_size"}, 1280);
  encoder.intermediate = figure(audio, {"encoder_ffn_dim", "intermediate_size"}, 5120);
  encoder.heads = figure(audio, {"encoder_attention_heads", "num_attention_heads"}, 20);
  encoder.layers = tower_layers(audio, audio.has("encoder_layers") ? "encoder_layers" : "num_hidden_layers", 32);
  encoder.mel_bins = audio.count_or("num_mel_bins", 128, 1);
  encoder.positions = audio.count_or("max_source_positions", 1500, 1);
  return encoder;
}

/// source  vllm/model_executor/models/voxtral.py, VoxtralForConditionalGeneration; its positions stay in float32
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const json::Fields audio = builder->config().inner("audio_config");
  const AudioEncoder encoder = read_encoder(audio);
  const Tower tower{.role = Part::Role::kAudio};
  Block ends = builder->block("whisper_encoder.whisper_encoder");
  add_audio_convolutions(ends, encoder);
  ends.tensor("embed_positions.weight", {encoder.positions, encoder.width}, Dtype::kFloat32);
  ends.layer_norm("layer_norm", encoder.width);
  if (vllm::in_force(kFiltersCount, options.as_of))
    ends.buffer("mel_filters", {1 + audio.count_or("window_size", 400, 1) / 2, encoder.mel_bins}, Dtype::kFloat32);
  add_tower_part(*builder, tower, std::move(ends));
  add_whisper_layers(*builder, tower, "whisper_encoder.whisper_encoder.layers", encoder);

  const std::int64_t hidden = builder->text().count_or("hidden_size", 3072, 1);
  Block adapter = builder->block("audio_language_adapter");
  const LinearOptions plain{.quantised = false};
  adapter.replicated("w_in", encoder.width * audio.count_or("downsample_factor", 4, 1), {hidden}, plain);
  adapter.replicated("w_out", hidden, {hidden}, plain);
  add_tower_part(*builder, tower, std::move(adapter));
  add_language_model(*builder, {"LlamaForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry voxtral;
const Entry voxtral{kArchitectures, build};

}  // namespace vram::arch::families
