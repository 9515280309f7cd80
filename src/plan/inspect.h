// Every tensor that vLLM creates on a rank, by name, shape, element type and how it is divided.
#pragma once

#include <string>
#include <vector>

#include "plan/exact.h"
#include "plan/request.h"

namespace vram::plan {

struct InspectedTensor {
  std::string name;        // "model.layers.*.self_attn.qkv_proj.weight": the star stands for the layers of that kind
  std::int64_t count = 1;  // how many of them the rank holds
  std::vector<std::int64_t> shape;
  Dtype dtype = Dtype::kBfloat16;
  bool buffer = false;
  std::string sharding;  // "output over tp", "input over tp", "whole", …
  Bytes bytes;           // of all `count`
};

/// The tensors of one stage in order of creation; their bytes add up to the stage's weights.
Result<std::vector<InspectedTensor>> inspect(const Exact& exact, std::size_t stage);

struct Inspected {
  Exact exact;
  std::size_t stage = 0;
  std::vector<InspectedTensor> tensors;
};

/// The same for a launch.
///
///   place   of the stage, as errors call it
///   errors  as resolve() and derive(); kBadInput for a stage that there is not
Result<Inspected> inspect(const Request& request, std::int64_t stage, const std::string& place);

}  // namespace vram::plan
