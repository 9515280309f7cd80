// 8-bit floats, from any maker: vLLM's fp8, fbgemm_fp8, compressed-tensors, ModelOpt and Quark create the same matrices
// and differ in the scales beside them.
#include <algorithm>

#include "memory/packings/formats.h"

namespace vram::memory::packings {
namespace {

constexpr Dtype kElement = Dtype::kFloat8E4m3;

std::string text(std::int64_t number) { return std::to_string(number); }

enum class Shapes {
  kAllPartsDivide,        // every merged part must be whole blocks
  kLastPartMayBeRagged,   // but not the last of a layer that is not divided
  kOwnConfigMayBeRagged,  // and merged parts of a checkpoint that names its block size itself never need to
};
constexpr vllm::Step<Shapes> kShapes[] = {
    {{}, Shapes::kAllPartsDivide, "vllm v0.9.2 layers/quantization/fp8.py Fp8LinearMethod.create_weights"},
    {{2025, 8, 16}, Shapes::kLastPartMayBeRagged, "~vllm v0.10.1 fp8.py; not in v0.9.2"},
    {{2026, 1, 13},
     Shapes::kOwnConfigMayBeRagged,
     "~vllm v0.14.1 layers/linear.py _maybe_allow_fp8_block_shape_mismatch; not in v0.13.0"},
};
static_assert(vllm::well_formed(kShapes));

constexpr vllm::Step<bool> kRefinesExpertBlocks[] = {
    {{}, false, "vllm v0.9.2 fp8.py Fp8MoEMethod; also v0.28.0"},
    {{2026, 8, 31}, true, "~vllm v0.29.0 fused_moe/oracle/fp8.py refine_fp8_moe_block_shape; not in v0.28.0"},
};
static_assert(vllm::well_formed(kRefinesExpertBlocks));

enum class ModelOptBlocks { kBothDivide, kInputDivides, kInputDividesBriefly };
constexpr vllm::Step<ModelOptBlocks> kModelOptBlocks[] = {
    {{}, ModelOptBlocks::kBothDivide, "vllm v0.14.1 modelopt.py ModelOptFp8PbWoLinearMethod; also v0.28.0"},
    {{2026, 8, 31}, ModelOptBlocks::kInputDivides, "~vllm v0.29.0 modelopt.py ModelOptFp8PbWoLinearMethod"},
    {{2026, 9, 14}, ModelOptBlocks::kInputDividesBriefly, "~vllm v0.30.0 modelopt.py, _Fp8PbWo"},
};
static_assert(vllm::well_formed(kModelOptBlocks));

Outcome check_model_opt_blocks(const Fp8& format, const LinearOnRank& linear, const Creation& creation) {
  const std::int64_t rows = format.block_rows, columns = format.block_columns;
  const ModelOptBlocks rule = vllm::in_force(kModelOptBlocks, creation.platform.as_of);
  if (rule == ModelOptBlocks::kBothDivide && linear.output() % rows != 0)
    return refused("ModelOpt FP8_PB_WO requires out_features divisible by " + text(rows) + ", got " +
                   text(linear.output()) + '.');
  if (linear.input % columns == 0) return std::nullopt;
  if (rule == ModelOptBlocks::kInputDividesBriefly)
    return refused("FP8_PB_WO requires in divisible by " + text(columns) + ", got " + text(linear.input));
  return refused("ModelOpt FP8_PB_WO requires in_features divisible by " + text(columns) + ", got " +
                 text(linear.input) + '.');
}

struct Block {
  std::int64_t rows, columns;
};

/// The grid on which the scales of experts are kept: the checkpoint's, or the coarsest that also divides the rank's
/// part.
Block expert_block(const Fp8& format, const ExpertsOnRank& experts, const Creation& creation) {
  const Block own{format.block_rows, format.block_columns};
  const std::int64_t size = experts.intermediate;
  if (format.maker != Maker::kVllm || !vllm::in_force(kRefinesExpertBlocks, creation.platform.as_of)) return own;
  if (size % own.rows == 0 && (experts.ranks() == 1 || size % own.columns == 0)) return own;
  constexpr std::int64_t kFinest = 32;
  const std::int64_t refined = std::gcd(std::gcd(own.rows, own.columns), std::gcd(size, experts.hidden));
  return refined < kFinest ? own : Block{refined, refined};
}

void add_expert_scales(const Fp8& format, const ExpertsOnRank& experts, const Block& block, const Tensors& tensors) {
  const std::int64_t n = experts.count, hidden = experts.hidden, size = experts.intermediate;
  switch (format.scale) {
    case Fp8::Scale::kTensor:
      tensors.add("w13_weight_scale", {n, experts.shards()}, Dtype::kFloat32);
      tensors.add("w2_weight_scale", {n}, Dtype::kFloat32);
      return;
    case Fp8::Scale::kChannel:
      tensors.add("w13_weight_scale", {n, experts.first_rows(), 1}, Dtype::kFloat32);
      tensors.add("w2_weight_scale", {n, hidden, 1}, Dtype::kFloat32);
      return;
    case Fp8::Scale::kBlock: {
      const bool own = format.maker == Maker::kVllm;
      tensors.add(own ? "w13_weight_scale_inv" : "w13_weight_scale",
                  {n, experts.shards() * ceil_div(size, block.rows), ceil_div(hidden, block.columns)}, Dtype::kFloat32);
      tensors.add(own ? "w2_weight_scale_inv" : "w2_weight_scale",
                  {n, ceil_div(hidden, block.rows), ceil_div(size, block.columns)}, Dtype::kFloat32);
      return;
    }
  }
}

}  // namespace

Outcome check_block_shape(std::int64_t rows, std::int64_t columns, const LinearOnRank& linear, const Creation& creation,
                          bool own_config) {
  const Shapes rule = vllm::in_force(kShapes, creation.platform.as_of);
  const auto ragged = [&](std::int64_t part) { return part % rows != 0; };
  const bool merged = linear.parts() > 1;
  if (own_config && merged && rule == Shapes::kOwnConfigMayBeRagged && std::ranges::any_of(linear.outputs, ragged))
    return std::nullopt;
  const std::int64_t ranks = rule == Shapes::kAllPartsDivide ? creation.parallel.tensor : linear.ranks;
  if (ranks > 1 && linear.input_whole / linear.input == ranks && linear.input % columns != 0)
    return refused("Weight input_size_per_partition = " + text(linear.input) +
                   " is not divisible by weight quantization block_k = " + text(columns) + '.');
  const bool divided = ranks > 1 && linear.output_whole / linear.output() == ranks;
  if (!divided && !merged) return std::nullopt;
  const bool last_counts = divided || rule == Shapes::kAllPartsDivide;
  for (std::size_t i = 0; i + (last_counts ? 0 : 1) < linear.outputs.size(); ++i)
    if (ragged(linear.outputs[i]))
      return refused("Weight output_partition_size = " + text(linear.outputs[i]) +
                     " is not divisible by weight quantization block_n = " + text(rows) + '.');
  return std::nullopt;
}

Outcome check_expert_block_shape(std::int64_t rows, std::int64_t columns, const ExpertsOnRank& experts,
                                 const Creation& creation) {
  const std::int64_t size = experts.intermediate;
  if (size % rows != 0)
    return refused("The output_size of gate's and up's weight = " + text(size) +
                   " is not divisible by weight quantization block_n = " + text(rows) + '.');
  if (creation.parallel.tensor > 1 && size % columns != 0)
    return refused("The input_size of down's weight = " + text(size) +
                   " is not divisible by weight quantization block_k = " + text(columns) + '.');
  return std::nullopt;
}

/// source  vllm/model_executor/layers/quantization/fp8.py, Fp8LinearMethod; fbgemm_fp8.py;
///         compressed_tensors/schemes/compressed_tensors_w8a8_fp8.py and _w8a16_fp8.py; modelopt.py;
///         quark/schemes/quark_w8a8_fp8.py
Outcome create(const Fp8& format, const LinearOnRank& linear, const Creation& creation, const Tensors& tensors) {
  const std::int64_t output = linear.output(), rows = format.block_rows, columns = format.block_columns;
  if (format.scale == Fp8::Scale::kBlock) {
    if (format.maker == Maker::kModelOpt) {
      if (auto refusal = check_model_opt_blocks(format, linear, creation)) return refusal;
    } else if (auto refusal = check_block_shape(rows, columns, linear, creation, format.maker == Maker::kVllm)) {
      return refusal;
    }
  }
  tensors.add("weight", {output, linear.input}, kElement);
  switch (format.scale) {
    case Fp8::Scale::kTensor:
      tensors.add("weight_scale", {linear.parts()}, format.scale_dtype);
      break;
    case Fp8::Scale::kChannel:
      tensors.add("weight_scale", {output, 1}, format.scale_dtype);
      break;
    case Fp8::Scale::kBlock:
      tensors.add(format.maker == Maker::kVllm ? "weight_scale_inv" : "weight_scale",
                  {ceil_div(output, rows), ceil_div(linear.input, columns)}, format.scale_dtype);
      break;
  }
  if (format.static_input) tensors.add("input_scale", {linear.parts()}, Dtype::kFloat32);
  if (format.maker == Maker::kFbgemm) tensors.add("input_scale_ub", {1}, Dtype::kFloat32);
  return std::nullopt;
}

/// source  vllm/model_executor/layers/quantization/fp8.py, Fp8MoEMethod;
///         compressed_tensors/compressed_tensors_moe (CompressedTensorsW8A8Fp8MoEMethod); modelopt.py
Outcome create(const Fp8& format, const ExpertsOnRank& experts, const Creation& creation, const Tensors& tensors) {
  Block block{format.block_rows, format.block_columns};
  if (format.scale == Fp8::Scale::kBlock) {
    const Block own = block;
    block = expert_block(format, experts, creation);
    const bool refined = block.rows != own.rows || block.columns != own.columns;
    if (!refined)
      if (auto refusal = check_expert_block_shape(own.rows, own.columns, experts, creation)) return refusal;
  }
  tensors.add("w13_weight", {experts.count, experts.first_rows(), experts.hidden}, kElement);
  tensors.add("w2_weight", {experts.count, experts.hidden, experts.intermediate}, kElement);
  if (experts.bias) add_expert_biases(experts, creation.dtype, tensors);
  add_expert_scales(format, experts, block, tensors);
  if (format.static_input) {
    tensors.add("w13_input_scale", {experts.count}, Dtype::kFloat32);
    tensors.add("w2_input_scale", {experts.count}, Dtype::kFloat32);
  }
  return std::nullopt;
}

}  // namespace vram::memory::packings
