#include "memory/packings/formats.h"

namespace vram::memory::packings {

/// source  vllm/model_executor/layers/quantization/awq.py AWQLinearMethod; awq_marlin.py; auto_awq.py
Outcome create(const Awq& format, const LinearOnRank& linear, const Creation& creation, const Tensors& tensors) {
  const std::int64_t output = linear.output(), pack = 32 / format.bits;
  const std::int64_t group = format.group == -1 ? linear.input_whole : format.group;
  // Layers that do not suit Marlin go to the plain method, which refuses what does not divide.
  const char* const kBlame =
      " size is not aligned with the quantized weight shape. This can be caused by too large "
      "tensor parallel size.";
  if (linear.input % group != 0) return refused(std::string("The input") + kBlame);
  if (output % pack != 0) return refused(std::string("The output") + kBlame);
  const std::int64_t groups = linear.input / group;
  tensors.add("qweight", {linear.input, output / pack}, Dtype::kInt32);
  tensors.add("qzeros", {groups, output / pack}, Dtype::kInt32);
  tensors.add("scales", {groups, output}, creation.dtype);
  return std::nullopt;
}

/// source  awq_marlin.py AWQMoEMethod; auto_awq.py AutoAWQMoEMethod
Outcome create(const Awq& format, const ExpertsOnRank& experts, const Creation& creation, const Tensors& tensors) {
  if (!marlin_takes_experts(experts, format.group, creation.platform.as_of, false))
    return create(MoeWna16{format.bits, format.group, format.zero_point}, experts, creation, tensors);
  const std::int64_t n = experts.count, hidden = experts.hidden, size = experts.intermediate, pack = 32 / format.bits;
  const std::int64_t rows = experts.first_rows(), group = format.group == -1 ? hidden : format.group;
  tensors.add("w13_qweight", {n, hidden, rows / pack}, Dtype::kInt32);
  tensors.add("w2_qweight", {n, size, hidden / pack}, Dtype::kInt32);
  tensors.add("w13_scales", {n, hidden / group, rows}, creation.dtype);
  tensors.add("w2_scales", {n, size / group, hidden}, creation.dtype);
  tensors.add("w13_qzeros", {n, hidden / group, rows / pack}, Dtype::kInt32);
  tensors.add("w2_qzeros", {n, size / group, hidden / pack}, Dtype::kInt32);
  return std::nullopt;
}

}  // namespace vram::memory::packings
