#pragma once

#include "arch/vision/tower.h"

namespace vram::arch {

/// Gemma 4's encoders of images and of sound, which are transformers' own, each with its projection into the language
/// model of width `hidden`; sound where the config has an "audio_config".
///
///   source  vllm/model_executor/models/gemma4_mm.py; transformers' modeling_gemma4.py
void add_gemma4_towers(Builder& builder, std::int64_t hidden);

}  // namespace vram::arch
