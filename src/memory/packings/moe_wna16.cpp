#include <algorithm>

#include "memory/packings/formats.h"

namespace vram::memory::packings {
namespace {

constexpr vllm::Step<bool> kTilesMayBePadded[] = {
    {{}, false, "vllm v0.9.2 layers/quantization/utils/marlin_utils.py check_moe_marlin_supports_layer; also v0.24.0"},
    {{2026, 7, 5}, true, "~vllm v0.25.1 auto_gptq.py and auto_awq.py, allow_tile_padding; not in v0.24.0"},
};
static_assert(vllm::well_formed(kTilesMayBePadded));

}  // namespace

bool marlin_takes_experts(const ExpertsOnRank& experts, std::int64_t group, vllm::Date as_of, bool reordered) {
  const std::int64_t size = experts.intermediate;
  const bool padded = vllm::in_force(kTilesMayBePadded, as_of) && !reordered;
  const bool shape = padded ? group <= 0 || size % group == 0 : size % std::max<std::int64_t>(64, group) == 0;
  return experts.hidden % 128 == 0 && shape && (group == -1 || group == 32 || group == 64 || group == 128);
}

/// Only experts are stored so.
Outcome create(const MoeWna16&, const LinearOnRank&, const Creation&, const Tensors&) {
  return refused("moe_wna16 has no linear method");
}

/// source  vllm/model_executor/layers/quantization/moe_wna16.py, MoeWNA16Method
Outcome create(const MoeWna16& format, const ExpertsOnRank& experts, const Creation& creation, const Tensors& tensors) {
  const std::int64_t n = experts.count, hidden = experts.hidden, size = experts.intermediate, pack = 8 / format.bits;
  const std::int64_t rows = experts.first_rows();
  std::int64_t group = format.group;
  // Groups are halved until they divide the rank's part.
  constexpr std::int64_t kSmallest = 32;
  while (group >= kSmallest && (size % group != 0 || hidden % group != 0)) group /= 2;
  if (group < kSmallest) return refused("AssertionError");
  tensors.add("w13_qweight", {n, rows, hidden / pack}, Dtype::kUint8);
  tensors.add("w2_qweight", {n, hidden, size / pack}, Dtype::kUint8);
  tensors.add("w13_scales", {n, rows, hidden / group}, creation.dtype);
  tensors.add("w2_scales", {n, hidden, size / group}, creation.dtype);
  if (format.zeros) {
    tensors.add("w13_qzeros", {n, rows / pack, hidden / group}, Dtype::kUint8);
    tensors.add("w2_qzeros", {n, hidden / pack, size / group}, Dtype::kUint8);
  }
  return std::nullopt;
}

}  // namespace vram::memory::packings
