#pragma once

#include "arch/vision/tower.h"

namespace vram::arch {

/// The figures of an encoder of sound in the manner of Whisper.
struct AudioEncoder {
  std::int64_t width = 0, intermediate = 0, heads = 0, layers = 0;
  std::int64_t mel_bins = 0, positions = 0;
};

/// d_model, encoder_ffn_dim, encoder_attention_heads, encoder_layers, num_mel_bins and max_source_positions.
AudioEncoder read_audio_encoder(const json::Fields& audio, const AudioEncoder& absent);

/// The two convolutions at its start.
void add_audio_convolutions(Block& block, const AudioEncoder& encoder);

/// vLLM's own layers of such an encoder.
///
///   source  vllm/model_executor/models/whisper.py, WhisperEncoderLayer
void add_whisper_layers(Builder& builder, const Tower& tower, const std::string& prefix, const AudioEncoder& encoder);

/// transformers' own layers of such an encoder, whole on every rank and not quantised.
void add_transformers_audio_layers(Builder& builder, const Tower& tower, const std::string& prefix,
                                   const AudioEncoder& encoder);

}  // namespace vram::arch
