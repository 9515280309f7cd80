#include "memory/packings/formats.h"

namespace vram::memory::packings {
namespace {

/// FlashInfer's expert kernels scale all ranks' inputs alike, so each rank keeps the scales of all experts.
/// source  vllm/model_executor/layers/fused_moe/oracle/nvfp4.py, is_global_sf_supported_for_nvfp4_backend
bool scales_everywhere(const Nvfp4& format, const Creation& creation) {
  const int family = creation.platform.capability / 10;
  return format.maker == Maker::kModelOpt && !format.weight_only && (family == 10 || family == 12);
}

}  // namespace

/// source  vllm/model_executor/layers/quantization/compressed_tensors/schemes/compressed_tensors_w4a4_nvfp4.py and
///         _w4a16_nvfp4.py; modelopt.py; quark/schemes/quark_nvfp4.py
Outcome create(const Nvfp4& format, const LinearOnRank& linear, const Creation& creation, const Tensors& tensors) {
  constexpr std::int64_t kGroup = 16;
  const bool packed = format.maker == Maker::kCompressedTensors;
  if (format.maker == Maker::kModelOpt && linear.input % kGroup != 0)
    return refused("Unsupported model when in features size is not multiple of 16");
  tensors.add(packed ? "weight_packed" : "weight", {linear.output(), linear.input / 2}, Dtype::kUint8);
  tensors.add(packed ? "weight_global_scale" : "weight_scale_2", {linear.parts()}, Dtype::kFloat32);
  tensors.add("weight_scale", {linear.output(), linear.input / format.group}, Dtype::kFloat8E4m3);
  if (format.input_scale != Nvfp4::InputScale::kNone)
    tensors.add(packed ? "input_global_scale" : "input_scale", {linear.parts()},
                format.input_scale == Nvfp4::InputScale::kFloat32 ? Dtype::kFloat32 : creation.dtype);
  return std::nullopt;
}

/// source  compressed_tensors/compressed_tensors_moe (CompressedTensorsW4A4Nvfp4MoEMethod); modelopt.py
///         ModelOptNvFp4FusedMoE
Outcome create(const Nvfp4& format, const ExpertsOnRank& experts, const Creation& creation, const Tensors& tensors) {
  const std::int64_t n = experts.count, hidden = experts.hidden, size = experts.intermediate, group = format.group;
  const bool packed = format.maker == Maker::kCompressedTensors;
  tensors.add(packed ? "w13_weight_packed" : "w13_weight", {n, experts.first_rows(), hidden / 2}, Dtype::kUint8);
  tensors.add(packed ? "w2_weight_packed" : "w2_weight", {n, hidden, size / 2}, Dtype::kUint8);
  tensors.add("w13_weight_scale", {n, experts.first_rows(), hidden / group}, Dtype::kFloat8E4m3);
  tensors.add("w2_weight_scale", {n, hidden, size / group}, Dtype::kFloat8E4m3);
  tensors.add(packed ? "w13_weight_global_scale" : "w13_weight_scale_2", {n, experts.shards()}, Dtype::kFloat32);
  tensors.add(packed ? "w2_weight_global_scale" : "w2_weight_scale_2", {n}, Dtype::kFloat32);
  const std::int64_t scaled = scales_everywhere(format, creation) ? experts.count_everywhere : n;
  tensors.add(packed ? "w13_input_global_scale" : "w13_input_scale", {scaled, experts.shards()}, Dtype::kFloat32);
  tensors.add(packed ? "w2_input_global_scale" : "w2_input_scale", {scaled}, Dtype::kFloat32);
  return std::nullopt;
}

}  // namespace vram::memory::packings
