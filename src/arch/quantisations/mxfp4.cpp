// "mxfp4": experts in 4-bit floats, everything else in the model's dtype.
#include "arch/quantisations.h"

namespace vram::arch::quantisations {
namespace {

constexpr std::string_view kNames[] = {"mxfp4", "gpt_oss_mxfp4"};

class Mxfp4Method final : public QuantisationMethod {
 public:
  explicit Mxfp4Method(const Mxfp4& format) : format_(format) {}
  [[nodiscard]] Result<Packing> linear(const LayerName&) const override { return Packing(Unquantised{}); }
  [[nodiscard]] Result<Packing> experts(const LayerName&) const override { return Packing(format_); }

 private:
  Mxfp4 format_;
};

constexpr vllm::Step<bool> kOneMethod[] = {
    {{}, true, "vllm v0.10.2 layers/quantization/mxfp4.py Mxfp4MoEMethod; also v0.19.0"},
    {{2026, 4, 20}, false, "~vllm v0.20.0 mxfp4.py: GptOssMxfp4MoEMethod apart"},
};
static_assert(vllm::well_formed(kOneMethod));

/// source  vllm/model_executor/layers/quantization/mxfp4.py, Mxfp4Config
Result<Method> read(const Reading& reading) {
  const bool gpt_oss = reading.method == "gpt_oss_mxfp4" || vllm::in_force(kOneMethod, reading.options.as_of);
  return Method(new Mxfp4Method(Mxfp4{gpt_oss ? Mxfp4::Model::kGptOss : Mxfp4::Model::kOther, Maker::kVllm}));
}

}  // namespace

extern const Entry mxfp4;
const Entry mxfp4{kNames, read};

}  // namespace vram::arch::quantisations
