// What the layers of DeepSeek-V4 and V4.1 share.
#pragma once

#include "arch/decoder.h"

namespace vram::arch {

/// What the layers of a DeepSeek-V4 or V4.1 model share.
struct DeepseekV4Figures {
  Decoder decoder;
  std::int64_t query_rank = 0, output_rank = 0, groups = 0, rope = 0;
  std::int64_t streams = 0;  // hc_mult
  std::int64_t index_heads = 0, index_width = 0;
  Tokens window;
  RotaryTable plain, compressed;
};

DeepseekV4Figures read_deepseek_v4(const Builder& builder);

/// The sinks, projections and norms of a layer's attention.
///
///   sink_multiple  query heads to a multiple of which the kernel has a rank's padded
///   source         vllm/models/deepseek_v4/attention.py, DeepseekV4Attention; deepseek_v41/attention.py
void add_deepseek_v4_attention(Block& layer, const DeepseekV4Figures& figures, std::int64_t sink_multiple);

/// How a layer's router chooses.
struct DeepseekV4Gate {
  bool by_token = false;  // by token id
  bool vision = false;    // with a bias of its own for images
};

/// source  vllm/models/deepseek_v4/nvidia/model.py, DeepseekV4MoE
void add_deepseek_v4_experts(Block& layer, const json::Fields& config, const DeepseekV4Figures& figures,
                             const DeepseekV4Gate& gate);

/// The norms before both halves of a layer and the mixing of its residual streams.
void add_deepseek_v4_norms(Block& layer, const DeepseekV4Figures& figures);

}  // namespace vram::arch
