// How fast decoding can be at most: every step reads the weights it needs and the cache of every request.
#pragma once

#include "plan/report.h"
#include "plan/request.h"

namespace vram::plan {

/// Upper bounds: arithmetic, the scheduler and kernels that fall short of the memory's bandwidth take their part.
struct Speed {
  double tokens_per_second = 0;  // of all requests together; 0 where the GPU's bandwidth is not known
  double per_request = 0;
};

/// Decoding with `requests` at once, each with `context` tokens behind it, evenly over the replicas.
///
/// A stage of a replica reads its weights (of the experts those that the batch reaches, were tokens spread evenly) and
/// the caches of a share of the batch: stages work on one share each. Tensor parallelism adds two all-reduces a layer
/// over the link between the GPUs. Nothing for a model without a KV cache: it does not decode.
///
///   report  of a launch that starts, its max_model_len at least `context`
///   source  Williams, Waterman and Patterson, "Roofline", https://doi.org/10.1145/1498765.1498785
Speed decode_speed(const Request& request, const Report& report, std::int64_t requests);

}  // namespace vram::plan
