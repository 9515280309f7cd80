// Memory that is neither weights nor activations: the CUDA context, NCCL and kernels outside torch, captured graphs.
#pragma once

#include <vector>

#include "memory/estimate.h"
#include "memory/placement.h"

namespace vram::memory {

/// Used on the device before vLLM takes its first snapshot: the context, and from 0.11 on NCCL's buffers too.
Estimate context(const Platform& platform, const Parallel& parallel, Bytes total);

/// The "non-torch" growth between that snapshot and the end of profiling.
Estimate non_torch(const Platform& platform, const Parallel& parallel, Bytes total);

/// Where these figures change with the card: the least memory of each class but the first, ascending.
std::vector<Bytes> card_classes();

struct Graphs {
  std::int64_t captured = 0;  // over all modes
  std::int64_t sizes = 0;     // of the piecewise mode
};

/// What capturing takes in the end, after the KV cache is there.
///
///   mixture  the model has routed experts
Estimate cuda_graphs(bool mixture, const Stage& stage, const Graphs& graphs, bool runner_v2);

/// What vLLM subtracts for them beforehand: nothing before 0.21, an estimate of its own after.
Estimate cuda_graphs_reserved(const Platform& platform, const Estimate& used, bool runner_v2, bool captures);

}  // namespace vram::memory
