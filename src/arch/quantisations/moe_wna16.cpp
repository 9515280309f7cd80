// --quantization moe_wna16: a GPTQ or AWQ checkpoint whose experts run in Triton.
#include <algorithm>

#include "arch/quantisations.h"

namespace vram::arch::quantisations {
namespace {

constexpr std::string_view kNames[] = {"moe_wna16"};

class MoeWna16Method final : public QuantisationMethod {
 public:
  MoeWna16Method(Method linear, const MoeWna16& experts, NameList ignored)
      : linear_(std::move(linear)), experts_(experts), ignored_(std::move(ignored)) {}

  [[nodiscard]] Result<Packing> linear(const LayerName& layer) const override {
    return ignored_.matches(layer.prefix) ? Packing(Unquantised{}) : linear_->linear(layer);
  }
  [[nodiscard]] Result<Packing> experts(const LayerName& layer) const override {
    return ignored_.matches(layer.prefix) ? Packing(Unquantised{}) : Packing(experts_);
  }

 private:
  Method linear_;
  MoeWna16 experts_;
  NameList ignored_;
};

/// source  vllm/model_executor/layers/quantization/moe_wna16.py, MoeWNA16Config
Result<Method> read(const Reading& reading) {
  const json::Fields& config = reading.config;
  const bool gptq = config.text_or("quant_method", "") == "gptq";
  BuildOptions options = reading.options;
  options.quantization.clear();
  const auto name = quantisation_name(&config.value(), reading.source, options);
  if (!name) return name.error();
  for (const Entry* entry : all()) {
    if (std::ranges::find(entry->names, std::string_view(*name)) == entry->names.end()) continue;
    auto linear = entry->read({config, reading.source, options, reading.rules, *name});
    if (!linear) return linear.error();
    const MoeWna16 experts{int(config.count("bits")), int(config.count("group_size", -1)),
                           gptq ? !config.flag_or("sym", true) : config.flag_or("zero_point", true)};
    const auto ignored = gptq ? std::vector<std::string>{} : reading.names("modules_to_not_convert");
    return Method(new MoeWna16Method(*std::move(linear), experts, NameList(ignored, NameList::Kind::kSubstring)));
  }
  return refused("moe_wna16 only support gptq and awq.");
}

}  // namespace

extern const Entry moe_wna16;
const Entry moe_wna16{kNames, read};

}  // namespace vram::arch::quantisations
