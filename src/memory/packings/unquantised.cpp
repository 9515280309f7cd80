#include "memory/packings/formats.h"

namespace vram::memory::packings {

/// source  vllm/model_executor/layers/linear.py, UnquantizedLinearMethod
Outcome create(const Unquantised&, const LinearOnRank& linear, const Creation& creation, const Tensors& tensors) {
  tensors.add("weight", {linear.output(), linear.input}, creation.dtype);
  return std::nullopt;
}

/// source  vllm/model_executor/layers/fused_moe/unquantized_fused_moe_method.py
Outcome create(const Unquantised&, const ExpertsOnRank& experts, const Creation& creation, const Tensors& tensors) {
  tensors.add("w13_weight", {experts.count, experts.first_rows(), experts.hidden}, creation.dtype);
  tensors.add("w2_weight", {experts.count, experts.hidden, experts.intermediate}, creation.dtype);
  if (experts.bias) add_expert_biases(experts, creation.dtype, tensors);
  return std::nullopt;
}

}  // namespace vram::memory::packings
