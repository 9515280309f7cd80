// What vLLM makes of a model's tensors once they are loaded, before it prints "Model loading took": copies in another
// layout, padding for a kernel, buffers that no module registers.
#pragma once

#include "hardware/gpu.h"
#include "memory/placement.h"
#include "model/model.h"

namespace vram::memory {

/// Bytes more (or, negative, less) than the tensors as created.
///
///   tokens  max_num_batched_tokens: some buffers are that long
Bytes after_loading(const Model& model, const Parallel& parallel, const Stage& stage, const Platform& platform,
                    hardware::Vendor vendor, std::int64_t tokens);

}  // namespace vram::memory
