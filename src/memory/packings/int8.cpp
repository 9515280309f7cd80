#include "memory/packings/formats.h"

namespace vram::memory::packings {

/// source  vllm/model_executor/layers/quantization/compressed_tensors/schemes/compressed_tensors_w8a8_int8.py;
///         quark/schemes/quark_w8a8_int8.py
Outcome create(const Int8& format, const LinearOnRank& linear, const Creation&, const Tensors& tensors) {
  tensors.add("weight", {linear.output(), linear.input}, Dtype::kInt8);
  if (format.per_channel)
    tensors.add("weight_scale", {linear.output(), 1}, Dtype::kFloat32);
  else
    tensors.add("weight_scale", {linear.parts()}, Dtype::kFloat32);
  if (format.static_input) {
    tensors.add("input_scale", {1}, Dtype::kFloat32);
    if (format.input_zero_point) tensors.add("input_zero_point", {1}, Dtype::kInt8);
  }
  return std::nullopt;
}

/// source  compressed_tensors/compressed_tensors_moe (CompressedTensorsW8A8Int8MoEMethod); experts_int8.py up to
///         v0.19.0, whose scales are called otherwise
Outcome create(const Int8& format, const ExpertsOnRank& experts, const Creation& creation, const Tensors& tensors) {
  const bool own = format.maker == Maker::kVllm;
  tensors.add("w13_weight", {experts.count, experts.first_rows(), experts.hidden}, Dtype::kInt8);
  tensors.add("w2_weight", {experts.count, experts.hidden, experts.intermediate}, Dtype::kInt8);
  if (experts.bias) add_expert_biases(experts, creation.dtype, tensors);
  tensors.add(own ? "w13_scale" : "w13_weight_scale", {experts.count, experts.first_rows(), 1}, Dtype::kFloat32);
  tensors.add(own ? "w2_scale" : "w2_weight_scale", {experts.count, experts.hidden, 1}, Dtype::kFloat32);
  return std::nullopt;
}

}  // namespace vram::memory::packings
