#include <algorithm>

#include "arch/quantisations.h"

namespace vram::arch::quantisations {
namespace {

constexpr std::string_view kNames[] = {"bitsandbytes"};

class BitsAndBytesMethod final : public QuantisationMethod {
 public:
  BitsAndBytesMethod(const BitsAndBytes& format, std::vector<std::string> skipped)
      : format_(format), skipped_(std::move(skipped)) {}

  [[nodiscard]] Result<Packing> linear(const LayerName& layer) const override {
    const bool skipped = std::ranges::any_of(skipped_, [&](const std::string& name) { return covers(name, layer); });
    return skipped ? Packing(Unquantised{}) : Packing(format_);
  }
  [[nodiscard]] Result<Packing> experts(const LayerName&) const override { return Packing(format_); }

 private:
  /// `name` is one component of the layer's name, or its beginning up to a dot.
  /// source  vllm/model_executor/layers/quantization/bitsandbytes.py, is_layer_skipped_bnb
  static bool covers(std::string_view name, const LayerName& layer) {
    const std::string_view prefix = layer.prefix;
    if (prefix.starts_with(name) && (prefix.size() == name.size() || prefix[name.size()] == '.')) return true;
    if (name.empty() || name.find('.') != name.npos) return false;
    for (std::size_t at = prefix.find(name); at != prefix.npos; at = prefix.find(name, at + 1)) {
      const std::size_t end = at + name.size();
      if ((at == 0 || prefix[at - 1] == '.') && (end == prefix.size() || prefix[end] == '.')) return true;
    }
    return false;
  }

  BitsAndBytes format_;
  std::vector<std::string> skipped_;
};

/// source  vllm/model_executor/layers/quantization/bitsandbytes.py, BitsAndBytesConfig
Result<Method> read(const Reading& reading) {
  const json::Fields& config = reading.config;
  const std::string storage = config.text_or("bnb_4bit_quant_storage", "uint8");
  if (storage != "uint8") return refused("Unsupported bnb_4bit_quant_storage: " + storage);
  const BitsAndBytes format{config.flag_or("load_in_8bit", false) ? 8 : 4};
  return Method(new BitsAndBytesMethod(format, reading.names("llm_int8_skip_modules")));
}

}  // namespace

extern const Entry bitsandbytes;
const Entry bitsandbytes{kNames, read};

}  // namespace vram::arch::quantisations
