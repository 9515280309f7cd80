// On ROCm "Model loading took" is what the device has in use, not what torch's tensors take: what torch keeps of
// tensors that came and went while weights were repacked counts too.
#pragma once

#include "memory/placement.h"
#include "model/model.h"

namespace vram::memory {

/// Whether what torch keeps counts, or its tensors alone, as elsewhere.
bool rocm_counts_the_device(vllm::Date as_of);

/// What torch's allocator keeps beside the tensors once a stage is loaded: copies are made layer by layer, and the gap
/// that the old tensor leaves is seldom as large as the next one.
///
///   source  vllm v0.10.0 to v0.14.1 vllm/platforms/rocm.py, get_current_memory_usage: total less free, of the device;
///           v0.11.2 fused_moe/unquantized_fused_moe_method.py, _maybe_pad_weight, which empties the cache while the
///           unpadded tensor is still held; quantization/utils/w8a8_utils.py, normalize_e4m3fn_to_e4m3fnuz
Bytes cached_by_rocm(const Model& model, const Parallel& parallel, const Stage& stage, const Platform& platform);

/// Bytes more that vLLM gives a row of experts' weights on ROCm.
///
///   columns  bytes of the row
std::int64_t rocm_row_padding(std::int64_t columns, vllm::Date as_of);

}  // namespace vram::memory
