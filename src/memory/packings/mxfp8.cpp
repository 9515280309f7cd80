#include "memory/packings/formats.h"

namespace vram::memory::packings {
namespace {

constexpr std::int64_t kGroup = 32;

}  // namespace

/// source  vllm/model_executor/layers/quantization/compressed_tensors/schemes/compressed_tensors_w8a8_mxfp8.py;
///         modelopt.py KMxfp8Static
Outcome create(const Mxfp8& format, const LinearOnRank& linear, const Creation&, const Tensors& tensors) {
  if (format.maker == Maker::kModelOpt && linear.input % kGroup != 0)
    return refused("MXFP8 requires input size divisible by 32, got " + std::to_string(linear.input));
  tensors.add("weight", {linear.output(), linear.input}, Dtype::kFloat8E4m3);
  tensors.add("weight_scale", {linear.output(), linear.input / kGroup}, Dtype::kUint8);
  return std::nullopt;
}

/// source  compressed_tensors/compressed_tensors_moe (CompressedTensorsW8A8Mxfp8MoEMethod); modelopt.py
///         ModelOptMxFp8FusedMoE
Outcome create(const Mxfp8& format, const ExpertsOnRank& experts, const Creation&, const Tensors& tensors) {
  const std::int64_t n = experts.count, hidden = experts.hidden, size = experts.intermediate;
  if (format.maker == Maker::kModelOpt) {
    if (hidden % kGroup != 0)
      return refused("MXFP8 MoE requires hidden_size divisible by 32, got " + std::to_string(hidden) + '.');
    if (size % kGroup != 0)
      return refused("MXFP8 MoE requires intermediate_size_per_partition divisible by 32, got " + std::to_string(size) +
                     '.');
  }
  tensors.add("w13_weight", {n, experts.first_rows(), hidden}, Dtype::kFloat8E4m3);
  tensors.add("w2_weight", {n, hidden, size}, Dtype::kFloat8E4m3);
  tensors.add("w13_weight_scale", {n, experts.first_rows(), hidden / kGroup}, Dtype::kUint8);
  tensors.add("w2_weight_scale", {n, hidden, size / kGroup}, Dtype::kUint8);
  return std::nullopt;
}

}  // namespace vram::memory::packings
