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
  if (format.maker == Maker::kQuark) {
    if (format.per_channel)
      tensors.add("weight_zero_point", {linear.output(), 1}, Dtype::kInt8);
    else
      tensors.add("weight_zero_point", {linear.parts()}, Dtype::kInt8);
  }
  if (format.static_input) {
    tensors.add("input_scale", {1}, Dtype::kFloat32);
    if (format.input_zero_point) tensors.add("input_zero_point", {1}, Dtype::kInt8);
  }
  return std::nullopt;
}

namespace {

/// source  quark/quark_moe.py, QuarkW8A8Int8MoEMethod: zero points beside every scale
void add_quark_scales(const Int8& format, const ExpertsOnRank& experts, const Tensors& tensors) {
  const std::int64_t n = experts.count, parts = experts.shards();
  const std::int64_t first = format.per_channel ? experts.first_rows() : parts;
  const std::int64_t second = format.per_channel ? experts.hidden : 1;
  tensors.add("w13_weight_scale", {n, first}, Dtype::kFloat32);
  tensors.add("w2_weight_scale", {n, second}, Dtype::kFloat32);
  if (format.static_input) {
    tensors.add("w13_input_scale", {n}, Dtype::kFloat32);
    tensors.add("w2_input_scale", {n}, Dtype::kFloat32);
    tensors.add("w13_input_zero_point", {n, parts}, Dtype::kInt8);
    tensors.add("w2_input_zero_point", {n}, Dtype::kInt8);
  }
  tensors.add("w13_weight_zero_point", {n, first}, Dtype::kInt8);
  tensors.add("w2_weight_zero_point", {n, second}, Dtype::kInt8);
}

}  // namespace

/// source  compressed_tensors/compressed_tensors_moe (CompressedTensorsW8A8Int8MoEMethod); experts_int8.py up to
///         v0.19.0, whose scales are called otherwise
Outcome create(const Int8& format, const ExpertsOnRank& experts, const Creation& creation, const Tensors& tensors) {
  const bool own = format.maker == Maker::kVllm;
  tensors.add("w13_weight", {experts.count, experts.first_rows(), experts.hidden}, Dtype::kInt8);
  tensors.add("w2_weight", {experts.count, experts.hidden, experts.intermediate}, Dtype::kInt8);
  if (experts.bias) add_expert_biases(experts, creation.dtype, tensors);
  if (format.maker == Maker::kQuark) {
    add_quark_scales(format, experts, tensors);
    return std::nullopt;
  }
  tensors.add(own ? "w13_scale" : "w13_weight_scale", {experts.count, experts.first_rows(), 1}, Dtype::kFloat32);
  tensors.add(own ? "w2_scale" : "w2_weight_scale", {experts.count, experts.hidden, 1}, Dtype::kFloat32);
  return std::nullopt;
}

}  // namespace vram::memory::packings
