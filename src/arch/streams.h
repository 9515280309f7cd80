// Residual streams (hyper-connections): several hidden states side by side, mixed before each half of a layer.
#pragma once

#include "arch/builder.h"

namespace vram::arch {

/// The mixing before both halves of a layer.
///
///   source  vllm/models/deepseek_v4/nvidia/model.py, DeepseekV4DecoderLayer
void add_stream_mixing(Block& layer, std::int64_t streams, std::int64_t hidden);

/// What joins the streams before a head.
void add_stream_head(Block& block, std::int64_t streams, std::int64_t hidden);

}  // namespace vram::arch
