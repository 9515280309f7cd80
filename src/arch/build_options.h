// What vLLM has decided before it builds a model class.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/dtype.h"
#include "vllm/release.h"

namespace vram::arch {

struct BuildOptions {
  Dtype dtype = Dtype::kBfloat16;        // of parameters, resolved
  vllm::Date as_of;                      // rules in force
  std::string quantization;              // --quantization, empty when not given
  bool deprecated_quantization = false;  // --allow-deprecated-quantization
  int capability = 90;                   // the GPU's: 90 for 9.0
  bool pooling = false;                  // runner "pooling": a generative model loses its output head
  std::optional<bool> classify = {};     // convert "classify"; nothing: as the class is named
  bool enforce_eager = false;            // nothing is compiled, so vLLM takes its own kernels
  bool disable_sliding_window = false;
  std::int64_t speculative_tokens = 0;
  std::int64_t max_num_batched_tokens = 0;  // resolved, where the class follows_batch()
  std::int64_t max_model_len = 0;           // resolved; a few classes make their rotary table that long
};

}  // namespace vram::arch
