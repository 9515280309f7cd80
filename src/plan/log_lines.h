// What vLLM prints, word for word, around the KV plan.
#pragma once

#include <string>
#include <vector>

#include "plan/report.h"

namespace vram::plan {

/// "Free memory on device cuda:0 (78.68/79.19 GiB) on startup is less than …"
std::string free_memory_refusal(Bytes free, Bytes total, double utilization, Bytes requested, vllm::Date as_of);

/// "Model loading took …", without the seconds, which nobody can know.
std::string model_loading_line(Bytes bytes, vllm::Date as_of);

/// "Available KV cache memory: …"; nothing before vLLM printed it, or where --kv-cache-memory-bytes skips it.
std::optional<std::string> available_line(Bytes bytes, vllm::Date as_of);

/// "CUDA graph memory profiling is enabled …": the utilisation that would give the same cache without the estimate.
std::optional<std::string> graph_profiling_line(double utilization, Bytes reserved, Bytes total, vllm::Date as_of);

}  // namespace vram::plan
