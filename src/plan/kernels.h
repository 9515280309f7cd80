// Kernels that vLLM finds missing only once the model is loaded and profiled: nothing that plans memory meets them.
#pragma once

#include <optional>
#include <string>

#include "hardware/gpu.h"
#include "readers/config_json.h"

namespace vram::plan {

/// vLLM's words where the GPU has no kernel for the checkpoint's format; nothing where it has all.
///
///   source  vllm v0.29.0 csrc/libtorch_stable/quantization/w8a8/cutlass/c3x/scaled_mm_helper.hpp, dispatch_scaled_mm
std::optional<std::string> kernel_missing(const ModelSource& model, const hardware::Gpu& gpu);

}  // namespace vram::plan
