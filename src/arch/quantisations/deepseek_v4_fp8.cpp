// DeepSeek V4's checkpoints: blocks of 8-bit floats with scales that are powers of two, and experts in 4-bit floats.
#include "arch/quantisations.h"
#include "units/text.h"

namespace vram::arch::quantisations {
namespace {

constexpr std::string_view kNames[] = {"deepseek_v4_fp8"};

class DeepseekV4Method final : public QuantisationMethod {
 public:
  DeepseekV4Method(const Packing& linear, const Packing& experts, NameList ignored, NameList native, vllm::Date as_of)
      : linear_(linear), experts_(experts), ignored_(std::move(ignored)), native_(std::move(native)), as_of_(as_of) {}

  [[nodiscard]] Result<Packing> linear(const LayerName& layer) const override {
    const auto skipped = is_layer_skipped(layer, ignored_, as_of_);
    if (!skipped) return skipped.error();
    return *skipped ? Packing(Unquantised{}) : linear_;
  }
  [[nodiscard]] Result<Packing> experts(const LayerName& layer) const override {
    const auto skipped = is_layer_skipped({layer.prefix}, ignored_, as_of_);
    if (!skipped) return skipped.error();
    if (*skipped) return Packing(Unquantised{});
    // A ModelOpt export leaves the experts that it ignores in DeepSeek's own format.
    const std::size_t layers = layer.prefix.find("layers.");
    if (layers != std::string_view::npos && native_.matches(layer.prefix.substr(layers))) return Packing(Mxfp4{});
    return experts_;
  }
  [[nodiscard]] KvScales attention(const LayerName&, bool latent) const override {
    return attention_scales(latent, as_of_);
  }

 private:
  Packing linear_, experts_;
  NameList ignored_, native_;
  vllm::Date as_of_;
};

/// DeepSeek-V4.1 names its experts' format among the language model's figures or beside the checkpoint's.
/// source  vllm/transformers_utils/configs/deepseek_v41.py, DeepseekV41Config
std::string said_beside_format(const json::Fields& model, const json::Fields& config) {
  if (model.text_or("model_type", "") != "deepseek_v41") return "fp4";
  return model.inner("text_config").text_or("expert_dtype", config.text_or("expert_dtype", "fp4"));
}

/// source  vllm/models/deepseek_v4/quant_config.py, vllm/models/deepseek_v41/quant_config.py, DeepseekV4FP8Config
Result<Method> read(const Reading& reading) {
  const json::Fields& config = reading.config;
  const json::Fields model(reading.source.config, reading.source.place);
  const std::string experts = model.text_or("expert_dtype", said_beside_format(model, config));
  if (experts != "fp4" && experts != "fp8")
    return refused("Unsupported DeepSeek V4 expert_dtype='" + experts + "'; expected one of ('fp4', 'fp8').");
  auto packing = fp8_packing(config);
  if (!packing) return packing.error();
  Packing linear = *packing, stored = linear;
  if (experts == "fp4") {
    stored = Mxfp4{};
    if (lower(config.text_or("moe_quant_algo", "")) == "nvfp4")
      stored = Nvfp4{16, false, Nvfp4::InputScale::kFloat32, Maker::kModelOpt};
    if (auto* fp8 = std::get_if<Fp8>(&linear)) {
      fp8->scale_dtype = Dtype::kFloat8E8m0;
      if (fp8->block_rows == 32 && fp8->block_columns == 32) linear = Mxfp8{32, Maker::kModelOpt};
    }
  }
  std::vector<std::string> ignored = reading.names("ignored_layers");
  if (ignored.empty()) ignored = reading.names("modules_to_not_convert");
  return Method(new DeepseekV4Method(linear, stored, NameList(std::move(ignored), NameList::Kind::kExact),
                                     NameList(config.texts("ignore"), NameList::Kind::kWildcard),
                                     reading.options.as_of));
}

}  // namespace

extern const Entry deepseek_v4_fp8;
const Entry deepseek_v4_fp8{kNames, read};

}  // namespace vram::arch::quantisations
