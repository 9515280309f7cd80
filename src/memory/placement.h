// Which part of a model one GPU holds.
#pragma once

#include <cstdint>
#include <vector>

#include "units/result.h"
#include "vllm/release.h"

namespace vram::memory {

/// vLLM's parallel_config, as far as it decides who holds what.
struct Parallel {
  std::int64_t tensor = 1;
  std::int64_t pipeline = 1;
  std::int64_t data = 1;
  bool expert = false;                  // enable_expert_parallel
  std::int64_t redundant_experts = 0;   // over all ranks, with EPLB
  bool encoder_data = false;            // mm_encoder_tp_mode=data: towers whole on every rank
  std::vector<std::int64_t> partition;  // VLLM_PP_LAYER_PARTITION; empty: vLLM's own split

  /// Ranks that share the experts of a layer.
  [[nodiscard]] std::int64_t expert_ranks() const { return tensor * data; }
  /// Experts are dealt out whole.
  [[nodiscard]] bool whole_experts() const { return expert && expert_ranks() > 1; }
  friend bool operator==(const Parallel&, const Parallel&) = default;
};

/// The machine and the moment, as far as they decide what vLLM creates.
struct Platform {
  vllm::Date as_of;
  int capability = 90;  // 90 for 9.0
  bool lora = false;    // enable_lora: fewer kernels serve
  friend bool operator==(const Platform&, const Platform&) = default;
};

/// Decoder layers [begin, end) of one pipeline stage.
struct Stage {
  std::int64_t index = 0, count = 1;
  std::int64_t begin = 0, end = 0;
  [[nodiscard]] bool first() const { return index == 0; }
  [[nodiscard]] bool last() const { return index + 1 == count; }
};

/// How vLLM splits `layers` over the stages.
///
///   errors  kRefused, in vLLM's words, for a partition that does not add up
///   source  vllm/distributed/utils.py, get_pp_indices
Result<std::vector<Stage>> pipeline_stages(std::int64_t layers, const Parallel& parallel, vllm::Date as_of);

}  // namespace vram::memory
