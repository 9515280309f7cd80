// Gated delta net: linear attention whose memory is a convolution's tail and one matrix a value head.
#pragma once

#include <string>

#include "arch/builder.h"

namespace vram::arch {

struct GatedDelta {
  std::int64_t key_heads = 0, value_heads = 0;
  std::int64_t key_width = 0, value_width = 0;
  std::int64_t kernel = 0;

  /// Channels over all heads.
  [[nodiscard]] std::int64_t key() const { return key_heads * key_width; }
  [[nodiscard]] std::int64_t value() const { return value_heads * value_width; }
  [[nodiscard]] GatedDeltaState state() const;
};

/// linear_num_key_heads and its kin, `absent` where the config says nothing.
GatedDelta gated_delta(const json::Fields& config, const GatedDelta& absent);

/// How the checkpoint holds the projections of queries, keys, values and gates.
enum class GatedDeltaLayout {
  kInterleaved,  // Qwen3-Next: one tensor, head after head
  kSeparate,     // Qwen3.5: one tensor each, merged by vLLM
};

/// The layer under `name`, with its state.
///
///   source  vllm/model_executor/layers/mamba/gdn/qwen_gdn_linear_attn.py, QwenGatedDeltaNetAttention
void gated_delta_net(Block& layer, const std::string& name, std::int64_t hidden, const GatedDelta& widths,
                     GatedDeltaLayout layout, std::optional<Dtype> state_dtype = {});

}  // namespace vram::arch
