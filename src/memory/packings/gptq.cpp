#include "memory/packings/formats.h"

namespace vram::memory::packings {
namespace {

constexpr vllm::Step<bool> kHasOrder[] = {
    {{}, true, "vllm v0.9.2 layers/quantization/gptq_marlin.py g_idx; also v0.29.0 auto_gptq.py"},
    {{2026, 9, 14}, false, "~vllm v0.30.0 auto_gptq.py; not in v0.29.0"},
};
static_assert(vllm::well_formed(kHasOrder));

struct ExpertExtras {
  bool integer_zeros, biases;
};
constexpr vllm::Step<ExpertExtras> kExpertExtras[] = {
    {{}, {false, false}, "vllm v0.9.2 gptq_marlin.py GPTQMarlinMoEMethod: zeros in the model's dtype; also v0.26.0"},
    {{2026, 8, 3}, {true, true}, "~vllm v0.27.0 auto_gptq.py AutoGPTQMoEMethod; not in v0.26.0"},
};
static_assert(vllm::well_formed(kExpertExtras));

Outcome check_plain(const Gptq& format, const LinearOnRank& linear) {
  const char* const kBlame =
      " size is not aligned with the quantized weight shape. This can be caused by too large "
      "tensor parallel size.";
  if (format.group > 0 && linear.input % format.group != 0) return refused(std::string("The input") + kBlame);
  if (linear.output() % (32 / std::gcd(32, format.bits)) != 0) return refused(std::string("The output") + kBlame);
  return std::nullopt;
}

}  // namespace

/// source  vllm/model_executor/layers/quantization/gptq_marlin.py GPTQMarlinLinearMethod; gptq.py; auto_gptq.py
Outcome create(const Gptq& format, const LinearOnRank& linear, const Creation& creation, const Tensors& tensors) {
  if (!format.marlin)
    if (auto refusal = check_plain(format, linear)) return refusal;
  const std::int64_t output = linear.output(), bits = format.bits;
  const bool channelwise = format.group == -1;
  const std::int64_t group = channelwise ? linear.input_whole : format.group;
  // A scale that covers inputs of several ranks is held whole by each.
  const bool whole = linear.input_divided() && (channelwise || format.reorder);
  const bool reordered = format.marlin && format.reorder;
  const std::int64_t groups = (whole || reordered ? linear.input_whole : linear.input) / group;
  tensors.add("qweight", {linear.input * bits / 32, output}, Dtype::kInt32);
  if (!format.marlin || vllm::in_force(kHasOrder, creation.platform.as_of))
    tensors.add("g_idx", {linear.input}, Dtype::kInt32);
  tensors.add("scales", {groups, output}, creation.dtype);
  tensors.add("qzeros", {groups, output * bits / 32}, Dtype::kInt32);
  return std::nullopt;
}

/// source  gptq_marlin.py GPTQMarlinMoEMethod; auto_gptq.py AutoGPTQMoEMethod
Outcome create(const Gptq& format, const ExpertsOnRank& experts, const Creation& creation, const Tensors& tensors) {
  if (!marlin_takes_experts(experts, format.group, creation.platform.as_of, format.reorder))
    return create(MoeWna16{format.bits, format.group, !format.symmetric}, experts, creation, tensors);
  const auto day = creation.platform.as_of;
  const std::int64_t n = experts.count, hidden = experts.hidden, size = experts.intermediate, bits = format.bits;
  const std::int64_t rows = experts.first_rows();
  const bool channelwise = format.group == -1;
  const std::int64_t first_groups = channelwise ? 1 : hidden / format.group;
  const std::int64_t second_groups =
      channelwise ? 1 : (format.reorder ? experts.intermediate_whole : size) / format.group;
  const ExpertExtras extras = vllm::in_force(kExpertExtras, day);
  const Dtype zeros = extras.integer_zeros ? Dtype::kInt32 : creation.dtype;
  tensors.add("w13_qweight", {n, hidden * bits / 32, rows}, Dtype::kInt32);
  tensors.add("w2_qweight", {n, size * bits / 32, hidden}, Dtype::kInt32);
  tensors.add("w13_scales", {n, first_groups, rows}, creation.dtype);
  tensors.add("w2_scales", {n, second_groups, hidden}, creation.dtype);
  tensors.add("w13_qzeros", {n, first_groups, rows * bits / 32}, zeros);
  tensors.add("w2_qzeros", {n, second_groups, hidden * bits / 32}, zeros);
  if (vllm::in_force(kHasOrder, day)) add_expert_order(experts, tensors);
  if (extras.biases) add_expert_biases(experts, creation.dtype, tensors);
  return std::nullopt;
}

}  // namespace vram::memory::packings
