// Whisper: an encoder of sound, and a decoder whose layers attend to its output beside their own past.
#include "arch/decoder.h"
#include "arch/vision/whisper_encoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"WhisperForConditionalGeneration"};

/// source  transformers' WhisperConfig
constexpr AudioEncoder kAbsent{384, 1536, 6, 4, 80, 1500};

/// source  vllm/model_executor/models/whisper.py, WhisperEncoder
void add_encoder(Builder& builder, const AudioEncoder& encoder) {
  const Tower tower{.role = Part::Role::kAudio};
  Block ends = builder.block("model.encoder");
  add_audio_convolutions(ends, encoder);
  ends.tensor("embed_positions.weight", {encoder.positions, encoder.width});
  ends.layer_norm("layer_norm", encoder.width);
  add_tower_part(builder, tower, std::move(ends));
  add_whisper_layers(builder, tower, "model.encoder.layers", encoder);
}

/// source  vllm/model_executor/models/whisper.py, WhisperForConditionalGeneration; the output head is the embedding
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const json::Fields& config = builder->config();
  const AudioEncoder encoder = read_audio_encoder(config, kAbsent);
  Decoder decoder;
  decoder.hidden = encoder.width;
  decoder.layers = config.has("decoder_layers") ? builder->layers("decoder_layers") : 4;
  decoder.vocabulary = config.count_or("vocab_size", 51865, 1);
  decoder.positions = config.count_or("max_target_positions", 448, 1);
  decoder.intermediate = config.count_or("decoder_ffn_dim", 1536, 1);
  const std::int64_t count = config.count_or("decoder_attention_heads", 6, 1);
  decoder.heads = {count, count, decoder.hidden / count};
  add_encoder(*builder, encoder);

  Block ends = builder->block("model.decoder");
  ends.tensor("embed_tokens.weight", {decoder.vocabulary, decoder.hidden});
  ends.tensor("embed_positions.weight", {decoder.positions, decoder.hidden});
  ends.layer_norm("layer_norm", decoder.hidden);
  builder->add_part("embedding", Part::Place::kEveryStage, std::move(ends));
  const Heads cached{count, decoder.heads.width, decoder.heads.width};
  add_layers(*builder, decoder, "model.decoder.layers", [&](Block& layer, std::int64_t) {
    layer.qkv("self_attn.qkv_proj", decoder.hidden, decoder.heads, {.bias = true});
    layer.row("self_attn.out_proj", decoder.hidden, decoder.hidden, {.bias = true});
    layer.attention("self_attn.attn", FullAttention{cached});
    layer.layer_norm("self_attn_layer_norm", decoder.hidden);
    layer.column("encoder_attn.q_proj", decoder.hidden, {decoder.hidden}, {.bias = true});
    layer.column("encoder_attn.kv_proj", decoder.hidden, {decoder.hidden, decoder.hidden}, {.bias = true});
    layer.row("encoder_attn.out_proj", decoder.hidden, decoder.hidden, {.bias = true});
    layer.attention("encoder_attn.attn", CrossAttention{cached, Tokens(encoder.positions)});
    layer.layer_norm("encoder_attn_layer_norm", decoder.hidden);
    layer.column("mlp.fc1", decoder.hidden, {decoder.intermediate}, {.bias = true});
    layer.row("mlp.fc2", decoder.intermediate, decoder.hidden, {.bias = true});
    layer.layer_norm("final_layer_norm", decoder.hidden);
  });
  describe_model(*builder, decoder, "model.decoder.layers");
  builder->model.pipeline_parallel = false;
  return builder->finish();
}

}  // namespace

extern const Entry whisper;
const Entry whisper{kArchitectures, build};

}  // namespace vram::arch::families
