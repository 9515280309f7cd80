// Weights that vLLM keeps in the host's memory: --cpu-offload-gb.
#pragma once

#include "memory/parameters.h"

namespace vram::memory {

/// Bytes of a stage's decoder layers that leave the GPU: parameter by parameter from the first layer on, until at least
/// `most` have gone or none is left.
///
///   errors  as create()
///   source  vllm v0.10.2 vllm/model_executor/models/utils.py, maybe_offload_to_cpu; v0.33.0
///           vllm/model_executor/offloader/uva.py
Result<Bytes> offloaded(const Model& model, const Parallel& parallel, const Stage& stage, const Platform& platform,
                        Bytes most);

}  // namespace vram::memory
