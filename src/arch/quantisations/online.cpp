// --quantization on a 16-bit model: vLLM's own names for what it makes of it.
#include "arch/quantisations.h"

namespace vram::arch::quantisations {
namespace {

using Target = Online::Target;

constexpr std::string_view kNames[] = {"fp8_per_tensor",  "fp8_per_channel",
                                       "fp8_per_block",   "int8_per_channel_weight_only",
                                       "nvfp4_per_token", "experts_int8"};

constexpr vllm::Step<bool> kExpertsInt8Online[] = {
    {{}, false, "vllm v0.9.2 layers/quantization/experts_int8.py ExpertsInt8MoEMethod; also v0.19.0"},
    {{2026, 4, 20}, true, "~vllm v0.20.0 experts_int8.py Int8OnlineMoEMethod"},
};
static_assert(vllm::well_formed(kExpertsInt8Online));

class OnlineMethod final : public QuantisationMethod {
 public:
  explicit OnlineMethod(const Packing& linear, const Packing& experts) : linear_(linear), experts_(experts) {}
  [[nodiscard]] Result<Packing> linear(const LayerName&) const override { return linear_; }
  [[nodiscard]] Result<Packing> experts(const LayerName&) const override { return experts_; }

 private:
  Packing linear_, experts_;
};

Result<Method> read(const Reading& reading) {
  const vllm::Date as_of = reading.options.as_of;
  if (reading.method == "experts_int8") {
    if (vllm::in_force(kExpertsInt8Online, as_of)) return online_method(Target::kInt8Channel, as_of);
    return Method(new OnlineMethod(Unquantised{}, Int8{true, false, false, Maker::kVllm}));
  }
  if (reading.method == "fp8_per_channel") return online_method(Target::kFp8Channel, as_of);
  if (reading.method == "fp8_per_block") return online_method(Target::kFp8Block, as_of);
  if (reading.method == "int8_per_channel_weight_only") return online_method(Target::kInt8Channel, as_of);
  if (reading.method == "nvfp4_per_token") return online_method(Target::kNvfp4, as_of);
  return online_method(Target::kFp8Tensor, as_of);
}

}  // namespace

/// source  vllm/config/quantization.py, _ONLINE_SHORTHANDS
Method online_method(Online::Target target, vllm::Date) {
  const bool experts_only = target == Target::kInt8Channel || target == Target::kNvfp4;
  return Method(new OnlineMethod(experts_only ? Packing(Unquantised{}) : Packing(Online{target}), Online{target}));
}

extern const Entry online;
const Entry online{kNames, read};

}  // namespace vram::arch::quantisations
