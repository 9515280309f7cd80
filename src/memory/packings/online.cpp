// Formats that vLLM makes itself: layers are created in the model's dtype and replaced once their weights are loaded.
#include "memory/packings/formats.h"

namespace vram::memory::packings {
namespace {

using Target = Online::Target;

constexpr std::int64_t kFp8Block = 128, kMxGroup = 32, kNvfp4Group = 16;

/// Scales that experts had before they were quantised.
enum class EarlyScales { kOneAMatrix, kOneAnExpert, kNone };
constexpr vllm::Step<EarlyScales> kEarlyScales[] = {
    {{}, EarlyScales::kOneAMatrix, "vllm v0.9.2 layers/quantization/fp8.py Fp8MoEMethod.create_weights; also v0.12.0"},
    {{2025, 12, 12}, EarlyScales::kOneAnExpert, "~vllm v0.13.0 fp8.py Fp8OnlineMoEMethod; also v0.18.0"},
    {{2026, 3, 30}, EarlyScales::kNone, "vllm v0.19.0 fp8.py Fp8OnlineMoEMethod"},
};
static_assert(vllm::well_formed(kEarlyScales));

void add_early_scales(const ExpertsOnRank& experts, vllm::Date as_of, const Tensors& tensors) {
  const EarlyScales scales = vllm::in_force(kEarlyScales, as_of);
  if (scales == EarlyScales::kNone) return;
  const std::int64_t matrices = scales == EarlyScales::kOneAMatrix ? experts.shards() : 1;
  tensors.add("w13_weight_scale", {experts.count, matrices}, Dtype::kFloat32);
  tensors.add("w2_weight_scale", {experts.count}, Dtype::kFloat32);
}

/// Sizes that the quantised experts have: some targets round them up before anything is created.
ExpertsOnRank rounded(const Online& format, ExpertsOnRank experts) {
  if (format.target == Target::kFp8Block) {
    experts.hidden = round_up(experts.hidden, kFp8Block);
    experts.intermediate = round_up(experts.intermediate, kFp8Block);
  }
  return experts;
}

Outcome check_groups(const Online& format, std::int64_t input) {
  if (format.target == Target::kMxfp8 && input % kMxGroup != 0)
    return refused("MXFP8 requires input_size_per_partition (" + std::to_string(input) + ") to be divisible by 32.");
  if (format.target == Target::kMxfp4 && input % kMxGroup != 0)
    return refused("MXFP4 requires input_size_per_partition (" + std::to_string(input) + ") to be divisible by 32.");
  return std::nullopt;
}

}  // namespace

/// source  vllm/model_executor/layers/quantization/online/fp8.py, mxfp8.py, mxfp4.py; before v0.25 fp8.py
///         Fp8OnlineLinearMethod
Outcome create(const Online& format, const LinearOnRank& linear, const Creation& creation, const Tensors& tensors) {
  const std::int64_t output = linear.output(), input = linear.input;
  if (auto refusal = check_groups(format, input)) return refusal;
  if (creation.moment != Moment::kQuantised) return create(Unquantised{}, linear, creation, tensors);
  switch (format.target) {
    case Target::kFp8Tensor:
      tensors.add("weight", {input, output}, Dtype::kFloat8E4m3);
      tensors.add("weight_scale", {1}, Dtype::kFloat32);
      break;
    case Target::kFp8Channel:
      tensors.add("weight", {input, output}, Dtype::kFloat8E4m3);
      tensors.add("weight_scale", {output, 1}, Dtype::kFloat32);
      break;
    case Target::kFp8Block:
      tensors.add("weight", {output, input}, Dtype::kFloat8E4m3);
      tensors.add("weight_scale_inv", {ceil_div(output, kFp8Block), ceil_div(input, kFp8Block)}, Dtype::kFloat32);
      break;
    case Target::kMxfp8:
      tensors.add("weight", {output, input}, Dtype::kFloat8E4m3);
      tensors.add("weight_scale", {output, input / kMxGroup}, Dtype::kUint8);
      break;
    case Target::kMxfp4:
      tensors.add("weight", {output, input / 2}, Dtype::kUint8);
      tensors.add("weight_scale", {output, input / kMxGroup}, Dtype::kUint8);
      break;
    case Target::kInt8Channel:
    case Target::kNvfp4:
      return create(Unquantised{}, linear, creation, tensors);  // these are for experts
  }
  return std::nullopt;
}

/// source  vllm/model_executor/layers/quantization/online/moe_base.py, fp8.py, int8.py, nvfp4.py, mxfp8.py, mxfp4.py
Outcome create(const Online& format, const ExpertsOnRank& given, const Creation& creation, const Tensors& tensors) {
  if (format.target == Target::kNvfp4 && creation.platform.capability / 10 != 10)
    return refused("nvfp4_per_token online quantization requires a Blackwell (SM100) GPU.");
  const ExpertsOnRank experts = rounded(format, given);
  if (creation.moment != Moment::kQuantised) {
    if (format.target == Target::kFp8Tensor) add_early_scales(experts, creation.platform.as_of, tensors);
    return create(Unquantised{}, experts, creation, tensors);
  }
  const std::int64_t n = experts.count, rows = experts.first_rows(), hidden = experts.hidden;
  const std::int64_t size = experts.intermediate;
  const auto matrices = [&](Dtype dtype, std::int64_t per_element) {
    tensors.add("w13_weight", {n, rows, hidden / per_element}, dtype);
    tensors.add("w2_weight", {n, hidden, size / per_element}, dtype);
  };
  const auto scales = [&](std::int64_t group, Dtype dtype) {
    tensors.add("w13_weight_scale", {n, rows, hidden / group}, dtype);
    tensors.add("w2_weight_scale", {n, hidden, size / group}, dtype);
  };
  switch (format.target) {
    case Target::kFp8Tensor:
      matrices(Dtype::kFloat8E4m3, 1);
      tensors.add("w13_weight_scale", {n}, Dtype::kFloat32);
      tensors.add("w2_weight_scale", {n}, Dtype::kFloat32);
      break;
    case Target::kFp8Channel:
      matrices(Dtype::kFloat8E4m3, 1);
      tensors.add("w13_weight_scale", {n, rows, 1}, Dtype::kFloat32);
      tensors.add("w2_weight_scale", {n, hidden, 1}, Dtype::kFloat32);
      break;
    case Target::kFp8Block:
      matrices(Dtype::kFloat8E4m3, 1);
      tensors.add("w13_weight_scale_inv", {n, ceil_div(rows, kFp8Block), ceil_div(hidden, kFp8Block)}, Dtype::kFloat32);
      tensors.add("w2_weight_scale_inv", {n, ceil_div(hidden, kFp8Block), ceil_div(size, kFp8Block)}, Dtype::kFloat32);
      break;
    case Target::kInt8Channel:
      matrices(Dtype::kInt8, 1);
      tensors.add("w13_scale", {n, rows}, Dtype::kFloat32);
      tensors.add("w2_scale", {n, hidden}, Dtype::kFloat32);
      break;
    case Target::kNvfp4:
      matrices(Dtype::kUint8, 2);
      scales(kNvfp4Group, Dtype::kFloat8E4m3);
      for (const char* name : {"w13_weight_scale_2", "w2_weight_scale_2", "w13_input_scale", "w2_input_scale"})
        tensors.add(name, {n}, Dtype::kFloat32);
      break;
    case Target::kMxfp8:
      matrices(Dtype::kFloat8E4m3, 1);
      scales(kMxGroup, Dtype::kUint8);
      break;
    case Target::kMxfp4:
      matrices(Dtype::kUint8, 2);
      scales(kMxGroup, Dtype::kUint8);
      break;
  }
  if (experts.bias) add_expert_biases(experts, creation.dtype, tensors);
  return std::nullopt;
}

}  // namespace vram::memory::packings
