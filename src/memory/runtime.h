// Memory that is neither weights nor activations: the CUDA context, NCCL and kernels outside torch, captured graphs.
#pragma once

#include <vector>

#include "memory/graph_pool.h"
#include "memory/overheads.h"

namespace vram::memory {

/// Where these figures change with the card: the least memory of each class but the first, ascending.
std::vector<Bytes> card_classes();

/// What capturing takes in the end, after the KV cache is there: "Graph capturing finished in … took …". Can be
/// negative before 0.18: capturing then gave back what torch had cached, and vLLM counted both.
///
///   source  vllm v0.14.1 and v0.19.0 vllm/v1/worker/gpu_model_runner.py, capture_model
Estimate cuda_graphs(const Overheads& overheads, const Situation& situation, const GraphPool& pool);

/// What vLLM expects beforehand ("Estimated CUDA graph memory"), subtracted or not; nothing before 0.18.
Estimate graph_estimate(const Overheads& overheads, const Situation& situation, const GraphPool& pool);

/// Whether vLLM subtracts its estimate from what the KV cache may take.
bool reserves_graphs(const Situation& situation);

}  // namespace vram::memory
