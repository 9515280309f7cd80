// GPTQ: "gptq", "gptq_marlin", "auto_gptq".
#include <algorithm>

#include "arch/quantisations.h"

namespace vram::arch::quantisations {
namespace {

constexpr std::string_view kNames[] = {"gptq", "gptq_marlin", "auto_gptq"};

constexpr vllm::Step<bool> kTakesOrder[] = {
    {{}, true, "vllm v0.9.2 layers/quantization/gptq_marlin.py; also v0.29.0 auto_gptq.py"},
    {{2026, 9, 14}, false, "~vllm v0.30.0 utils/gptq_utils.py normalize_and_validate_gptq_desc_act"},
};
static_assert(vllm::well_formed(kTakesOrder));

constexpr vllm::Step<bool> kListsQuantisedModules[] = {
    {{}, false, "vllm v0.9.2 gptq_marlin.py; also v0.10.2"},
    {{2025, 9, 30}, true, "~vllm v0.11.0 gptq_marlin.py modules_in_block_to_quantize"},
};
static_assert(vllm::well_formed(kListsQuantisedModules));

/// Without that list the layers that the checkpoint's headers show as integers are quantised.
enum class NoHeaders { kNoneQuantised, kAllQuantised };
constexpr vllm::Step<NoHeaders> kNoHeaders[] = {
    {{}, NoHeaders::kAllQuantised, "vllm v0.9.2 gptq_marlin.py: they are not read"},
    {{2025, 9, 30}, NoHeaders::kNoneQuantised, "~vllm v0.11.0 gptq_marlin.py maybe_update_config; also v0.31.0"},
    {{2026, 10, 20}, NoHeaders::kAllQuantised, "~vllm v0.32.0 utils/gptq_utils.py is_layer_gptq_quantized"},
};
static_assert(vllm::well_formed(kNoHeaders));

/// "dynamic": an expression for layers, and what holds for them instead.
struct Rule {
  Pattern pattern;
  bool unquantised = false;  // "-:"
  std::optional<std::int64_t> bits, group;
  std::optional<bool> reorder, symmetric;
};

std::string text(bool flag) { return flag ? "True" : "False"; }

/// Bits and symmetry that the method can read.
std::optional<Error> unsupported(const Gptq& format) {
  if (format.group == 0 || format.group < -1) return refused("ZeroDivisionError: integer division or modulo by zero");
  if (format.marlin) {
    if (format.symmetric && (format.bits == 4 || format.bits == 8)) return std::nullopt;
    return refused("Unsupported quantization config: bits=" + std::to_string(format.bits) +
                   ", sym=" + text(format.symmetric));
  }
  if (format.bits == 2 || format.bits == 3 || format.bits == 4 || format.bits == 8) return std::nullopt;
  return refused("Currently, only 2/3/4/8-bit weight quantization is supported for GPTQ, but got " +
                 std::to_string(format.bits) + " bits.");
}

class GptqMethod final : public QuantisationMethod {
 public:
  GptqMethod(const Gptq& format, std::vector<Rule> rules, std::vector<std::string> quantised, bool head, bool nothing)
      : format_(format), rules_(std::move(rules)), quantised_(std::move(quantised)), head_(head), nothing_(nothing) {}

  [[nodiscard]] Result<Packing> linear(const LayerName& layer) const override {
    const auto listed = is_listed(layer);
    if (!listed) return listed.error();
    return *listed ? overridden(layer) : Result<Packing>(Packing(Unquantised{}));
  }
  [[nodiscard]] Result<Packing> experts(const LayerName& layer) const override { return overridden(layer); }
  [[nodiscard]] Result<Packing> head(const LayerName& layer) const override {
    return head_ ? linear(layer) : Result<Packing>(Packing(Unquantised{}));
  }

 private:
  /// source  vllm/model_executor/layers/quantization/utils/gptq_utils.py, override_config
  [[nodiscard]] Result<Packing> overridden(const LayerName& layer) const {
    const auto rule =
        std::ranges::find_if(rules_, [&](const Rule& each) { return each.pattern.matches_start(layer.prefix); });
    Gptq format = format_;
    if (rule != rules_.end()) {
      if (rule->unquantised) return Packing(Unquantised{});
      format.bits = int(rule->bits.value_or(format.bits));
      format.group = int(rule->group.value_or(format.group));
      format.reorder = rule->reorder.value_or(format.reorder) && format.group != -1;
      format.symmetric = rule->symmetric.value_or(format.symmetric);
      if (auto error = unsupported(format)) return *error;
    }
    return Packing(format);
  }

  /// source  gptq_utils.py, is_layer_gptq_quantized
  [[nodiscard]] Result<bool> is_listed(const LayerName& layer) const {
    if (quantised_.empty()) return !nothing_;
    const auto within = [&](std::string_view name) {
      return std::ranges::any_of(quantised_, [&](const std::string& entry) { return name.find(entry) != name.npos; });
    };
    if (layer.shards.empty()) return within(layer.prefix);
    const std::vector<std::string> shards = shard_names(layer);
    const bool first = within(shards.front());
    if (std::ranges::all_of(shards, [&](const std::string& shard) { return within(shard) == first; })) return first;
    return refused("Detected some but not all shards of " + std::string(layer.prefix) +
                   " are quantized. All shards of fused layers to have the same precision.");
  }

  Gptq format_;
  std::vector<Rule> rules_;
  std::vector<std::string> quantised_;
  bool head_, nothing_;
};

/// modules_in_block_to_quantize: a list of names, or of lists of them.
std::vector<std::string> flat_names(const Reading& reading) {
  const json::Value* list = reading.config.find("modules_in_block_to_quantize");
  std::vector<std::string> names;
  const auto add = [&](const json::Value& item) {
    if (item.string()) names.push_back(renamed(*item.string(), reading.rules));
  };
  if (list && list->array())
    for (const json::Value& item : *list->array()) {
      add(item);
      if (item.array()) std::ranges::for_each(*item.array(), add);
    }
  return names;
}

std::vector<Rule> dynamic_rules(const json::Fields& config) {
  std::vector<Rule> rules;
  const json::Value* dynamic = config.find("dynamic");
  if (!dynamic || !dynamic->object()) return rules;
  for (const auto& [key, value] : dynamic->object()->members()) {
    std::string_view expression = key;
    const bool unquantised = expression.starts_with("-:");
    if (unquantised || expression.starts_with("+:")) expression.remove_prefix(2);
    auto pattern = Pattern::compile(expression);
    if (!pattern) {
      config.refuse("dynamic", "the expression \"" + key + "\" is not understood", "", ErrorCode::kUnsupported);
      return rules;
    }
    Rule rule{*std::move(pattern), unquantised, {}, {}, {}, {}};
    const auto number = [&](const char* name) -> std::optional<std::int64_t> {
      const json::Value* found = value.find(name);
      return found && found->integer() ? std::optional(*found->integer()) : std::nullopt;
    };
    const auto flag = [&](const char* name) -> std::optional<bool> {
      const json::Value* found = value.find(name);
      return found && found->boolean() ? std::optional(*found->boolean()) : std::nullopt;
    };
    rule.bits = number("bits");
    rule.group = number("group_size");
    rule.reorder = flag("desc_act");
    rule.symmetric = flag("sym");
    rules.push_back(std::move(rule));
  }
  return rules;
}

/// source  gptq_utils.py, normalize_and_validate_gptq_desc_act
std::optional<Error> order_not_taken(const Gptq& format, bool reorder_asked, const std::vector<Rule>& rules,
                                     const json::Fields& config) {
  if (format.reorder)
    return refused(
        "GPTQ group activation ordering (desc_act=True) is no longer supported. Use a checkpoint with static "
        "activation ordering or desc_act=False.");
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
    if (rule.unquantised) continue;
    if (rule.reorder.value_or(reorder_asked) && rule.group.value_or(format.group) != -1)
      return refused(
          "GPTQ group activation ordering (desc_act=True) is no longer supported, but is enabled by dynamic "
          "rule '" +
          config.find("dynamic")->object()->members()[i].first +
          "'. Use a checkpoint with static activation ordering or desc_act=False.");
  }
  return std::nullopt;
}

/// source  vllm/model_executor/layers/quantization/gptq.py GPTQConfig; gptq_marlin.py; auto_gptq.py
Result<Method> read(const Reading& reading) {
  const json::Fields& config = reading.config;
  const vllm::Date as_of = reading.options.as_of;
  Gptq format;
  format.bits = int(config.count("bits"));
  format.group = int(config.count("group_size", -1));
  const bool reorder = config.flag_or("desc_act", false);
  format.reorder = reorder && format.group != -1;
  format.symmetric = config.flag_or("sym", true);
  format.marlin = reading.method != "gptq";
  std::vector<Rule> rules = dynamic_rules(config);
  if (config.error()) return *config.error();
  if (!vllm::in_force(kTakesOrder, as_of))
    if (auto error = order_not_taken(format, reorder, rules, config)) return *error;
  if (auto error = unsupported(format)) return *error;
  std::vector<std::string> quantised;
  if (vllm::in_force(kListsQuantisedModules, as_of)) quantised = flat_names(reading);
  const bool nothing = reading.source.without_weights && vllm::in_force(kNoHeaders, as_of) == NoHeaders::kNoneQuantised;
  return Method(
      new GptqMethod(format, std::move(rules), std::move(quantised), config.flag_or("lm_head", false), nothing));
}

}  // namespace

extern const Entry gptq;
const Entry gptq{kNames, read};

}  // namespace vram::arch::quantisations
