#include "memory/packings/formats.h"

namespace vram::memory::packings {
namespace {

std::string text(std::int64_t number) { return std::to_string(number); }

constexpr vllm::Step<bool> kHasOrder[] = {
    {{}, true, "vllm v0.9.2 compressed_tensors_moe.py and schemes/compressed_tensors_wNa16.py; also v0.29.0"},
    {{2026, 9, 14}, false, "~vllm v0.30.0; not in v0.29.0"},
};
static_assert(vllm::well_formed(kHasOrder));

enum class Checks { kAssert, kSentence };
constexpr vllm::Step<Checks> kChecks[] = {
    {{}, Checks::kAssert, "vllm v0.9.2 schemes/compressed_tensors_wNa16.py; also v0.24.0"},
    {{2026, 7, 5}, Checks::kSentence, "~vllm v0.25.1 distributed/utils.py verify_group_size_divides_partition"},
};
static_assert(vllm::well_formed(kChecks));

constexpr vllm::Step<bool> kIntegerExpertsNeedCpu[] = {
    {{}, false, "vllm v0.11.2 compressed_tensors_moe.py CompressedTensorsW4A8Int8MoEMethod; also v0.22.0"},
    {{2026, 6, 8}, true, "~vllm v0.23.0 fused_moe/oracle/w4a8_int8.py select_w4a8_int8_moe_backend"},
};
static_assert(vllm::well_formed(kIntegerExpertsNeedCpu));

enum class Kernel { kNamesMarlin, kPlain };
constexpr vllm::Step<Kernel> kExpertWords[] = {
    {{}, Kernel::kNamesMarlin, "~vllm v0.24.0 compressed_tensors_moe_wna16_marlin.py; also v0.26.0"},
    {{2026, 8, 3}, Kernel::kPlain, "~vllm v0.27.0 compressed_tensors_moe_wna16.py; not in v0.26.0"},
};
static_assert(vllm::well_formed(kExpertWords));

constexpr vllm::Step<bool> kExpertChecks[] = {
    {{}, false, "vllm v0.9.2 compressed_tensors_moe.py; also v0.23.0"},
    {{2026, 6, 23}, true, "~vllm v0.24.0 compressed_tensors_moe"},
};
static_assert(vllm::well_formed(kExpertChecks));

constexpr vllm::Step<bool> kExpertZeros[] = {
    {{}, false, "vllm v0.9.2 compressed_tensors_moe.py; also v0.22.0"},
    {{2026, 6, 8}, true, "~vllm v0.23.0 compressed_tensors_moe, w13_weight_zero_point"},
};
static_assert(vllm::well_formed(kExpertZeros));

/// The float8 kernel's extra scales per channel.
constexpr vllm::Step<bool> kExpertChannelScales[] = {
    {{}, false, "vllm v0.14.1 compressed_tensors_moe.py; also v0.21.0"},
    {{2026, 5, 25}, true, "~vllm v0.22.0 compressed_tensors_moe_w4a8_fp8.py"},
    {{2026, 10, 1}, false, "~vllm v0.31.0 compressed_tensors_moe_w4a8_fp8.py"},
};
static_assert(vllm::well_formed(kExpertChannelScales));

Outcome check_group(const LinearOnRank& linear, std::int64_t group, const Creation& creation) {
  if (linear.input % group == 0) return std::nullopt;
  if (vllm::in_force(kChecks, creation.platform.as_of) == Checks::kAssert) return refused("AssertionError");
  const std::string where =
      creation.block.empty() ? std::string(linear.name) : creation.block + '.' + std::string(linear.name);
  return refused("Weight input_size_per_partition=" + text(linear.input) + " for layer '" + where +
                 "' is not divisible by group_size=" + text(group) +
                 ". This happens when tensor_parallel_size splits the layer input into shards that are not a whole "
                 "number of quant groups. Consider reducing tensor_parallel_size.");
}

Outcome check_expert_groups(const PackedInt& format, const ExpertsOnRank& experts, const Creation& creation) {
  const auto day = creation.platform.as_of;
  if (!vllm::in_force(kExpertChecks, day)) return std::nullopt;
  const std::string maker = vllm::in_force(kExpertWords, day) == Kernel::kNamesMarlin
                                ? "CompressedTensors WNA16 Marlin MoE"
                                : "CompressedTensors WNA16 MoE";
  if (experts.hidden % format.group != 0)
    return refused(maker + " requires hidden_size (" + text(experts.hidden) + ") to be divisible by group_size (" +
                   text(format.group) + ").");
  if (!format.reorder && experts.intermediate % format.group != 0)
    return refused(maker +
                   " with static group scales requires the MoE intermediate size per tensor-parallel partition (" +
                   text(experts.intermediate) + ") to be divisible by group_size (" + text(format.group) +
                   "). Scale groups would otherwise cross TP shard boundaries; use a compatible TP size or enable "
                   "expert parallelism.");
  return std::nullopt;
}

/// Eight-bit storage whatever the width: the kernel for integer activations packs after loading.
Outcome create_unpacked(const PackedInt& format, const LinearOnRank& linear, const Creation& creation,
                        const Tensors& tensors) {
  const std::int64_t group = format.group == -1 ? linear.input : format.group;
  if (auto refusal = check_group(linear, group, creation)) return refusal;
  tensors.add("weight", {linear.output(), linear.input}, Dtype::kInt8);
  tensors.add("weight_scale", {linear.output(), linear.input / group}, creation.dtype);
  return std::nullopt;
}

Outcome create_unpacked(const PackedInt& format, const ExpertsOnRank& experts, const Creation& creation,
                        const Tensors& tensors) {
  if (vllm::in_force(kIntegerExpertsNeedCpu, creation.platform.as_of))
    return refused("W4A8 Int8 MoE is only supported on CPU platforms");
  const bool channelwise = format.group == -1;
  const std::int64_t n = experts.count, hidden = experts.hidden, size = experts.intermediate;
  if (!channelwise && (hidden % format.group != 0 || size % format.group != 0))
    return refused("Group size (" + text(format.group) + ") must evenly divide both hidden size (" + text(hidden) +
                   ") and intermediate size per partition (" + text(size) + ").");
  const Dtype scale = channelwise ? Dtype::kFloat32 : Dtype::kBfloat16;
  tensors.add("w13_weight", {n, 2 * size, hidden}, Dtype::kInt8);
  tensors.add("w2_weight", {n, hidden, size}, Dtype::kInt8);
  tensors.add("w13_weight_scale", {n, 2 * size, channelwise ? 1 : hidden / format.group}, scale);
  tensors.add("w2_weight_scale", {n, hidden, channelwise ? 1 : size / format.group}, scale);
  if (experts.bias) add_expert_biases(experts, creation.dtype, tensors);
  return std::nullopt;
}

}  // namespace

void add_expert_order(const ExpertsOnRank& experts, const Tensors& tensors) {
  for (const char* name : {"w13_g_idx", "w13_g_idx_sort_indices"})
    tensors.add(name, {experts.count, experts.hidden}, Dtype::kInt32);
  for (const char* name : {"w2_g_idx", "w2_g_idx_sort_indices"})
    tensors.add(name, {experts.count, experts.intermediate}, Dtype::kInt32);
}

/// source  vllm/model_executor/layers/quantization/compressed_tensors/schemes/compressed_tensors_wNa16.py,
/// _w4a8_fp8.py,
///         _w4a8_int.py, _wNa8.py, _wNa4.py
Outcome create(const PackedInt& format, const LinearOnRank& linear, const Creation& creation, const Tensors& tensors) {
  if (format.activations == PackedInt::Activations::kInt) return create_unpacked(format, linear, creation, tensors);
  const std::int64_t output = linear.output(), bits = format.bits;
  const bool channelwise = format.group == -1;
  const std::int64_t group = channelwise ? linear.input_whole : format.group;
  // A scale that covers inputs of several ranks is held whole by each.
  const bool whole = (channelwise && linear.input_divided()) || format.reorder;
  if (!whole)
    if (auto refusal = check_group(linear, group, creation)) return refusal;
  const std::int64_t groups = (whole ? linear.input_whole : linear.input) / group;
  tensors.add("weight_packed", {output, ceil_div(linear.input * bits, 32)}, Dtype::kInt32);
  tensors.add("weight_scale", {output, groups}, creation.dtype);
  tensors.add("weight_shape", {2}, Dtype::kInt64);
  if (!format.symmetric) tensors.add("weight_zero_point", {ceil_div(output * bits, 32), groups}, Dtype::kInt32);
  if (format.reorder && vllm::in_force(kHasOrder, creation.platform.as_of))
    tensors.add("weight_g_idx", {linear.input}, Dtype::kInt32);
  return std::nullopt;
}

/// source  compressed_tensors/compressed_tensors_moe: CompressedTensorsWNA16MoEMethod, CompressedTensorsWNA16MarlinMoE-
///         Method, CompressedTensorsW4A8Fp8MoEMethod, CompressedTensorsW4A8Int8MoEMethod
Outcome create(const PackedInt& format, const ExpertsOnRank& experts, const Creation& creation,
               const Tensors& tensors) {
  if (format.activations == PackedInt::Activations::kInt) return create_unpacked(format, experts, creation, tensors);
  const auto day = creation.platform.as_of;
  const bool float8 = format.activations == PackedInt::Activations::kFp8, channelwise = format.group == -1;
  const std::int64_t n = experts.count, hidden = experts.hidden, size = experts.intermediate;
  const std::int64_t rows = experts.first_rows(), bits = format.bits;
  if (float8) {
    const auto uneven = [](const char* name, std::int64_t value) {
      return refused(name + ("=" + text(value)) + " must be divisible by 256");
    };
    if (hidden % 256 != 0) return uneven("hidden_size", hidden);
    if (size % 256 != 0) return uneven("intermediate_size_per_partition", size);
  }
  if (!float8 && !format.symmetric && !vllm::in_force(kExpertZeros, day))
    return refused("Only symmetric quantization is supported for MoE");
  if (!channelwise && !float8)
    if (auto refusal = check_expert_groups(format, experts, creation)) return refusal;
  const std::int64_t first_groups = channelwise ? 1 : hidden / format.group;
  const std::int64_t second_groups =
      channelwise ? 1 : (format.reorder ? experts.intermediate_whole : size) / format.group;
  tensors.add("w13_weight_packed", {n, rows, hidden * bits / 32}, Dtype::kInt32);
  tensors.add("w2_weight_packed", {n, hidden, size * bits / 32}, Dtype::kInt32);
  tensors.add("w13_weight_scale", {n, rows, first_groups}, creation.dtype);
  tensors.add("w2_weight_scale", {n, hidden, second_groups}, creation.dtype);
  if (!format.symmetric) {
    tensors.add("w13_weight_zero_point", {n, rows * bits / 32, first_groups}, Dtype::kInt32);
    tensors.add("w2_weight_zero_point", {n, hidden * bits / 32, second_groups}, Dtype::kInt32);
  }
  tensors.add("w13_weight_shape", {n, 2}, creation.dtype);
  tensors.add("w2_weight_shape", {n, 2}, creation.dtype);
  if (float8) {
    if (vllm::in_force(kExpertChannelScales, day)) {
      tensors.add("w13_weight_chan_scale", {n, rows}, Dtype::kFloat32);
      tensors.add("w2_weight_chan_scale", {n, hidden}, Dtype::kFloat32);
    }
    return std::nullopt;
  }
  if (vllm::in_force(kHasOrder, day)) add_expert_order(experts, tensors);
  if (experts.bias) add_expert_biases(experts, creation.dtype, tensors);
  return std::nullopt;
}

}  // namespace vram::memory::packings
