// "fp8": 8-bit floats as Hugging Face writes them, DeepSeek's blocks among them; without a checkpoint's config, vLLM's
// own quantisation of a 16-bit model.
#include "arch/quantisations.h"

namespace vram::arch::quantisations {
namespace {

constexpr std::string_view kNames[] = {"fp8"};

constexpr vllm::Step<bool> kReadsHuggingFacesList[] = {
    {{}, false, "vllm v0.9.2 layers/quantization/fp8.py Fp8Config.from_config: ignored_layers alone"},
    {{2025, 8, 16}, true, "~vllm v0.10.1 fp8.py: modules_to_not_convert too"},
};
static_assert(vllm::well_formed(kReadsHuggingFacesList));

constexpr vllm::Step<bool> kExpertsMayBeIgnored[] = {
    {{}, false, "vllm v0.9.2 fp8.py Fp8Config.get_quant_method; also v0.10.2"},
    {{2025, 9, 30}, true, "~vllm v0.11.0 fp8.py"},
};
static_assert(vllm::well_formed(kExpertsMayBeIgnored));

constexpr vllm::Step<bool> kOnlineHasScales[] = {
    {{}, true, "vllm v0.9.2 fp8.py Fp8KVCacheMethod, also without a checkpoint's scales; also v0.30.0"},
    {{2026, 10, 1}, false, "~vllm v0.31.0 model_loader/weight_utils.py: --quantization fp8 means fp8_per_tensor"},
};
static_assert(vllm::well_formed(kOnlineHasScales));

class Fp8Method final : public QuantisationMethod {
 public:
  Fp8Method(const Packing& packing, NameList ignored, const BuildOptions& options, bool stored_as_mxfp4)
      : packing_(packing), ignored_(std::move(ignored)), as_of_(options.as_of), mxfp4_(stored_as_mxfp4) {}

  [[nodiscard]] Result<Packing> linear(const LayerName& layer) const override {
    const auto skipped = is_layer_skipped(layer, ignored_, as_of_);
    if (!skipped) return skipped.error();
    return *skipped ? Packing(Unquantised{}) : packing_;
  }

  [[nodiscard]] Result<Packing> experts(const LayerName& layer) const override {
    if (!vllm::in_force(kExpertsMayBeIgnored, as_of_)) return packing_;
    const auto skipped = is_layer_skipped({layer.prefix}, ignored_, as_of_);
    if (!skipped) return skipped.error();
    if (*skipped) return Packing(Unquantised{});
    return mxfp4_ ? Packing(Mxfp4{}) : packing_;
  }

  [[nodiscard]] KvScales attention(const LayerName&, bool latent) const override {
    const bool online = std::holds_alternative<Online>(packing_);
    if (online && !vllm::in_force(kOnlineHasScales, as_of_)) return {};
    return attention_scales(latent, as_of_);
  }

 private:
  Packing packing_;
  NameList ignored_;
  vllm::Date as_of_;
  bool mxfp4_;
};

Result<Method> read(const Reading& reading) {
  const json::Fields& config = reading.config;
  const vllm::Date as_of = reading.options.as_of;
  if (!config.has("quant_method"))
    return Method(new Fp8Method(Online{Online::Target::kFp8Tensor}, {}, reading.options, false));
  auto packing = fp8_packing(config);
  if (!packing) return packing.error();
  std::vector<std::string> ignored = reading.names("ignored_layers");
  if (ignored.empty() && vllm::in_force(kReadsHuggingFacesList, as_of))
    ignored = reading.names("modules_to_not_convert");
  const bool mxfp4 = config.text_or("store_dtype", "") == "mxfp4";
  return Method(new Fp8Method(*packing, NameList(std::move(ignored), NameList::Kind::kExact), reading.options, mxfp4));
}

}  // namespace

/// source  vllm/model_executor/layers/quantization/fp8.py, Fp8Config
Result<Packing> fp8_packing(const json::Fields& config) {
  const std::string scheme = config.text_or("activation_scheme", "");
  if (scheme.empty()) return refused("Cannot find any of ['activation_scheme'] in the model's quantization config.");
  if (scheme != "static" && scheme != "dynamic") return refused("Unsupported activation scheme " + scheme);
  Fp8 format{.static_input = scheme == "static"};
  if (config.has("weight_block_size")) {
    const std::vector<std::int64_t> block = config.counts("weight_block_size");
    if (block.size() != 2)
      return refused("The quantization block size of weight must have 2 dimensions, but got " +
                     std::to_string(block.size()) + " dimensions");
    if (format.static_input)
      return refused(
          "The block-wise quantization only supports dynamic activation scheme for now, but got static activation "
          "scheme.");
    constexpr std::int64_t kMost = 1 << 20;
    if (block[0] < 1 || block[1] < 1 || block[0] > kMost || block[1] > kMost) {
      config.refuse("weight_block_size", "expected two positive sizes");
      return Packing(format);
    }
    format.scale = Fp8::Scale::kBlock;
    format.block_rows = int(block[0]);
    format.block_columns = int(block[1]);
  }
  return Packing(format);
}

extern const Entry fp8;
const Entry fp8{kNames, read};

}  // namespace vram::arch::quantisations
