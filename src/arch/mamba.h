// Mamba's mixers: layers whose memory is a convolution's tail and a state matrix.
#pragma once

#include <string>

#include "arch/builder.h"

namespace vram::arch {

struct Mamba1 {
  std::int64_t intermediate = 0, state = 0, kernel = 0;
  std::int64_t time_step_rank = 0;
  bool conv_bias = true, bias = false;
  bool norms = false;  // learnt norms over the time step, B and C
};

/// MambaMixer as `name`, never quantised.
///
///   source  vllm/model_executor/layers/mamba/mamba_mixer.py
void mamba1_mixer(Block& layer, const std::string& name, std::int64_t hidden, const Mamba1& mamba);

struct Mamba2 {
  std::int64_t intermediate = 0, groups = 1;
  std::int64_t heads = 0, head_width = 0;
  std::int64_t state = 0, kernel = 0;
  std::int64_t chunk = 0;
  bool conv_bias = true, bias = false;
  bool norm = true;  // the gated norm has a weight
  std::optional<Dtype> state_dtype = {};
};

/// MambaMixer2 as `name`. A single group is repeated on every rank.
///
///   source  vllm/model_executor/layers/mamba/mamba_mixer2.py
void mamba2_mixer(Block& layer, const std::string& name, std::int64_t hidden, const Mamba2& mamba);

/// mamba_n_heads, mamba_d_state and their kin of the configs of Bamba's kind.
///
///   intermediate  0: mamba_expand times `hidden`
Mamba2 mamba2_figures(const json::Fields& config, std::int64_t hidden, std::int64_t intermediate = 0);

/// What vLLM's model config takes for the chunk: mamba_chunk_size, else chunk_size, else `absent`.
std::int64_t mamba_chunk(const json::Fields& config, std::int64_t absent);

}  // namespace vram::arch
