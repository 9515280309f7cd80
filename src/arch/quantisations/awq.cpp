// AWQ: "awq", "awq_marlin", "auto_awq".
#include "arch/quantisations.h"

namespace vram::arch::quantisations {
namespace {

constexpr std::string_view kNames[] = {"awq", "awq_marlin", "auto_awq"};

constexpr vllm::Step<bool> kLooksAtShards[] = {
    {{}, false, "vllm v0.9.2 layers/quantization/awq.py is_layer_skipped_awq; also v0.10.2"},
    {{2025, 11, 11}, true, "~vllm v0.11.2 awq.py: is_layer_skipped with skip_with_substr"},
};
static_assert(vllm::well_formed(kLooksAtShards));

class AwqMethod final : public QuantisationMethod {
 public:
  AwqMethod(const Awq& format, NameList ignored, bool head, vllm::Date as_of)
      : format_(format), ignored_(std::move(ignored)), head_(head), as_of_(as_of) {}

  [[nodiscard]] Result<Packing> linear(const LayerName& layer) const override {
    const LayerName looked_at{
        layer.prefix, vllm::in_force(kLooksAtShards, as_of_) ? layer.shards : std::span<const std::string_view>{}};
    const auto skipped = looked_at.shards.empty() ? Result<bool>(ignored_.matches(layer.prefix))
                                                  : is_layer_skipped(looked_at, ignored_, as_of_);
    if (!skipped) return skipped.error();
    return *skipped ? Packing(Unquantised{}) : Packing(format_);
  }
  [[nodiscard]] Result<Packing> experts(const LayerName& layer) const override {
    return ignored_.matches(layer.prefix) ? Packing(Unquantised{}) : Packing(format_);
  }
  [[nodiscard]] Result<Packing> head(const LayerName& layer) const override {
    return head_ ? linear(layer) : Result<Packing>(Packing(Unquantised{}));
  }

 private:
  Awq format_;
  NameList ignored_;
  bool head_;
  vllm::Date as_of_;
};

/// source  vllm/model_executor/layers/quantization/awq.py AWQConfig; awq_marlin.py; auto_awq.py
Result<Method> read(const Reading& reading) {
  const json::Fields& config = reading.config;
  Awq format;
  format.bits = int(config.count_of({"w_bit", "bits"}));
  const auto group = config.maybe_count("q_group_size", -1);
  format.group = int(group ? *group : config.count("group_size", -1));
  format.zero_point = config.flag_or("zero_point", true);
  if (config.error()) return *config.error();
  if (format.bits != 4 && reading.method == "auto_awq")
    return refused("Unsupported num_bits = " + std::to_string(format.bits) +
                   ". Supported: 4. For 8-bit AWQ, use Marlin backend by setting backend='awq:marlin' or "
                   "backend='marlin'.");
  if (format.bits != 4)
    return refused("Currently, only 4-bit weight quantization is supported for AWQ, but got " +
                   std::to_string(format.bits) + " bits.");
  if (format.group == 0 || format.group < -1) {
    config.refuse("group_size", "expected a positive size or -1, found " + std::to_string(format.group));
    return *config.error();
  }
  return Method(new AwqMethod(format, NameList(reading.names("modules_to_not_convert"), NameList::Kind::kSubstring),
                              config.flag_or("lm_head", false), reading.options.as_of));
}

}  // namespace

extern const Entry awq;
const Entry awq{kNames, read};

}  // namespace vram::arch::quantisations
