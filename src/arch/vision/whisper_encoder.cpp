#include "arch/vision/whisper_encoder.h"

namespace vram::arch {

AudioEncoder read_audio_encoder(const json::Fields& audio, const AudioEncoder& absent) {
  AudioEncoder encoder;
  encoder.width = audio.count_or("d_model", absent.width, 1);
  encoder.intermediate = audio.count_or("encoder_ffn_dim", absent.intermediate, 1);
  encoder.heads = audio.count_or("encoder_attention_heads", absent.heads, 1);
  encoder.layers = tower_layers(audio, "encoder_layers", absent.layers);
  encoder.mel_bins = audio.count_or("num_mel_bins", absent.mel_bins, 1);
  encoder.positions = audio.count_or("max_source_positions", absent.positions, 1);
  return encoder;
}

void add_audio_convolutions(Block& block, const AudioEncoder& encoder) {
  convolution(block, "conv1", {encoder.width, encoder.mel_bins, 3});
  convolution(block, "conv2", {encoder.width, encoder.width, 3});
}

void add_whisper_layers(Builder& builder, const Tower& tower, const std::string& prefix, const AudioEncoder& encoder) {
  const LinearOptions biased{.bias = true};
  add_tower_layers(builder, tower, prefix, encoder.layers, [&](Block& layer, std::int64_t) {
    layer.qkv("self_attn.qkv_proj", encoder.width, {encoder.heads, encoder.heads, encoder.width / encoder.heads},
              biased);
    layer.row("self_attn.out_proj", encoder.width, encoder.width, biased);
    layer.layer_norm("self_attn_layer_norm", encoder.width);
    layer.column("mlp.fc1", encoder.width, {encoder.intermediate}, biased);
    layer.row("mlp.fc2", encoder.intermediate, encoder.width, biased);
    layer.layer_norm("final_layer_norm", encoder.width);
  });
}

void add_transformers_audio_layers(Builder& builder, const Tower& tower, const std::string& prefix,
                                   const AudioEncoder& encoder) {
  const LinearOptions biased{.bias = true, .quantised = false}, plain{.quantised = false};
  const std::int64_t width = encoder.width;
  add_tower_layers(builder, tower, prefix, encoder.layers, [&](Block& layer, std::int64_t) {
    layer.replicated("self_attn.k_proj", width, {width}, plain);
    for (const char* name : {"self_attn.v_proj", "self_attn.q_proj", "self_attn.out_proj"})
      layer.replicated(name, width, {width}, biased);
    layer.layer_norm("self_attn_layer_norm", width);
    layer.replicated("fc1", width, {encoder.intermediate}, biased);
    layer.replicated("fc2", encoder.intermediate, {width}, biased);
    layer.layer_norm("final_layer_norm", width);
  });
}

}  // namespace vram::arch
