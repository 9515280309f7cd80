#include "arch/quantisations.h"

namespace vram::arch::quantisations {
namespace {

constexpr std::string_view kNames[] = {"fbgemm_fp8"};

class FbgemmMethod final : public QuantisationMethod {
 public:
  FbgemmMethod(NameList ignored, vllm::Date as_of) : ignored_(std::move(ignored)), as_of_(as_of) {}

  [[nodiscard]] Result<Packing> linear(const LayerName& layer) const override {
    const auto skipped = is_layer_skipped(layer, ignored_, as_of_);
    if (!skipped) return skipped.error();
    if (*skipped) return Packing(Unquantised{});
    return Packing(Fp8{.scale = Fp8::Scale::kChannel, .maker = Maker::kFbgemm});
  }
  [[nodiscard]] Result<Packing> experts(const LayerName&) const override { return Packing(Unquantised{}); }

 private:
  NameList ignored_;
  vllm::Date as_of_;
};

/// source  vllm/model_executor/layers/quantization/fbgemm_fp8.py, FBGEMMFp8Config
Result<Method> read(const Reading& reading) {
  return Method(new FbgemmMethod(NameList(reading.names("modules_to_not_convert"), NameList::Kind::kExact),
                                 reading.options.as_of));
}

}  // namespace

extern const Entry fbgemm_fp8;
const Entry fbgemm_fp8{kNames, read};

}  // namespace vram::arch::quantisations
