// AMD's Quark.
#include <algorithm>

#include "arch/quantisations.h"

namespace vram::arch::quantisations {
namespace {

constexpr std::string_view kNames[] = {"quark"};

constexpr vllm::Step<bool> kLooksAtChildren[] = {
    {{}, false, "vllm v0.9.2 layers/quantization/quark/quark.py get_quant_method; also v0.25.1"},
    {{2026, 8, 18}, true, "~vllm v0.28.0 quark/utils.py should_ignore_layer, check_children"},
};
static_assert(vllm::well_formed(kLooksAtChildren));

constexpr vllm::Step<bool> kTakesInt8Experts[] = {
    {{}, false, "vllm v0.9.2 quark/quark_moe.py get_moe_method; also v0.19.0"},
    {{2026, 7, 5}, true, "~vllm v0.25.1 quark_moe.py QuarkW8A8Int8MoEMethod"},
};
static_assert(vllm::well_formed(kTakesInt8Experts));

constexpr vllm::Step<bool> kTakesBlocks[] = {
    {{}, false, "vllm v0.9.2 quark.py _is_fp8_w8a8; also v0.25.1"},
    {{2026, 8, 18}, true, "~vllm v0.28.0 quark.py _is_fp8_w8a8, per_block"},
};
static_assert(vllm::well_formed(kTakesBlocks));

/// One tensor's entry; a list of one stands for its element.
const json::Value* single(const json::Value* value) {
  if (!value || value->is_null()) return nullptr;
  if (const json::Array* list = value->array()) return list->size() == 1 ? &list->front() : nullptr;
  return value;
}

bool is(const json::Value* tensor, const char* key, std::string_view text) {
  const json::Value* found = tensor ? tensor->find(key) : nullptr;
  return found && found->string() && *found->string() == text;
}
bool is_true(const json::Value* tensor, const char* key) {
  const json::Value* found = tensor ? tensor->find(key) : nullptr;
  return found && found->boolean() && *found->boolean();
}
std::int64_t number(const json::Value* tensor, const char* key) {
  const json::Value* found = tensor ? tensor->find(key) : nullptr;
  return found && found->integer() ? *found->integer() : 0;
}

std::optional<Packing> fp8(const json::Value* weight, const json::Value* input, vllm::Date as_of) {
  if (!is(weight, "dtype", "fp8_e4m3") || !is(input, "dtype", "fp8_e4m3") || is_true(weight, "is_dynamic"))
    return std::nullopt;
  Fp8 format{.static_input = !is_true(input, "is_dynamic"), .maker = Maker::kQuark};
  if (is(weight, "qscheme", "per_block")) {
    if (!vllm::in_force(kTakesBlocks, as_of) || format.static_input) return std::nullopt;
    format.scale = Fp8::Scale::kBlock;
    format.block_rows = format.block_columns = 128;
    return format;
  }
  if (format.static_input && !is(input, "qscheme", "per_tensor")) return std::nullopt;
  if (is(weight, "qscheme", "per_channel"))
    format.scale = Fp8::Scale::kChannel;
  else if (!is(weight, "qscheme", "per_tensor"))
    return std::nullopt;
  return format;
}

std::optional<Packing> int8(const json::Value* weight, const json::Value* input) {
  if (!is(weight, "dtype", "int8") || !is(input, "dtype", "int8") || !is_true(weight, "symmetric")) return std::nullopt;
  const bool per_channel = is(weight, "qscheme", "per_channel");
  if (!per_channel && !is(weight, "qscheme", "per_tensor")) return std::nullopt;
  const bool static_input = is(input, "qscheme", "per_tensor") && !is_true(input, "is_dynamic");
  return Int8{per_channel, static_input, static_input, Maker::kQuark};
}

std::optional<Packing> mxfp4(const json::Value* weight) {
  const bool fits = is(weight, "dtype", "fp4") && is(weight, "qscheme", "per_group") &&
                    number(weight, "group_size") == 32 && is(weight, "scale_format", "e8m0");
  return fits ? std::optional<Packing>(Mxfp4{.maker = Maker::kQuark}) : std::nullopt;
}

class QuarkMethod final : public QuantisationMethod {
 public:
  QuarkMethod(const Reading& reading, NameList excluded, std::vector<std::pair<std::string, json::Value>> layers,
              json::Value usual, json::Value by_class)
      : as_of_(reading.options.as_of),
        excluded_(std::move(excluded)),
        layers_(std::move(layers)),
        usual_(std::move(usual)),
        by_class_(std::move(by_class)) {}

  [[nodiscard]] Result<Packing> linear(const LayerName& layer) const override {
    const auto ignored = should_ignore_layer(layer, excluded_, as_of_);
    if (!ignored) return ignored.error();
    if (*ignored) return Packing(Unquantised{});
    const auto recipe = recipe_of(layer);
    if (!recipe) return recipe.error();
    const json::Value* weight = single((*recipe)->find("weight"));
    const json::Value* input = single((*recipe)->find("input_tensors"));
    if (auto format = fp8(weight, input, as_of_)) return *format;
    if (auto format = int8(weight, input)) return *format;
    if (auto format = mxfp4(weight)) return *format;
    return unknown();
  }

  [[nodiscard]] Result<Packing> experts(const LayerName& layer) const override {
    if (excluded_.matches(layer.prefix) || child_is_excluded(layer.prefix)) return Packing(Unquantised{});
    const auto recipe = recipe_of({layer.prefix});
    if (!recipe) return recipe.error();
    const json::Value* weight = single((*recipe)->find("weight"));
    const json::Value* input = single((*recipe)->find("input_tensors"));
    if (auto format = fp8(weight, input, as_of_)) return *format;
    if (auto format = mxfp4(weight)) return *format;
    if (auto format = int8(weight, input)) {
      if (vllm::in_force(kTakesInt8Experts, as_of_)) return *format;
      return refused("Unsupported FusedMoe scheme");
    }
    return unknown();
  }

  [[nodiscard]] KvScales attention(const LayerName& layer, bool latent) const override {
    return excluded_.matches(layer.prefix) ? KvScales{} : attention_scales(latent, as_of_);
  }

 private:
  static Error unknown() {
    return Error{ErrorCode::kUnsupported, "config.json: \"quantization_config\"",
                 "this scheme of Quark is not modelled", "give the unquantised model"};
  }

  [[nodiscard]] bool child_is_excluded(std::string_view prefix) const {
    if (!vllm::in_force(kLooksAtChildren, as_of_)) return false;
    return std::ranges::any_of(excluded_.names(), [&](const std::string& name) {
      return name.size() > prefix.size() && name.starts_with(prefix) && name[prefix.size()] == '.';
    });
  }

  [[nodiscard]] const json::Value* by_name(std::string_view name) const {
    for (const auto& [pattern, recipe] : layers_)
      if (pattern.find('*') == pattern.npos ? pattern.find(name) != pattern.npos : wildcard_match(pattern, name))
        return &recipe;
    return nullptr;
  }

  /// source  quark.py, _find_matched_config
  [[nodiscard]] Result<const json::Value*> recipe_of(const LayerName& layer) const {
    const json::Value* own = by_class_.find(layer.type);
    const json::Value* fallback = own ? own : &usual_;
    if (layers_.empty()) return fallback;
    const auto found = [&](std::string_view name) {
      const json::Value* recipe = by_name(name);
      return recipe ? recipe : fallback;
    };
    if (layer.shards.empty()) return found(layer.prefix);
    const std::vector<std::string> parts = shard_names(layer);
    const json::Value* first = found(parts.front());
    for (const std::string& part : parts)
      if (!(*found(part) == *first)) {
        std::string list;
        for (const std::string_view shard : layer.shards)
          list += (list.empty() ? "'" : ", '") + std::string(shard) + "'";
        return refused("Found a different quantization configuration for [" + list + "] in " +
                       std::string(layer.prefix) + ". vLLM requires all to use the same scheme.");
      }
    return first;
  }

  vllm::Date as_of_;
  NameList excluded_;
  std::vector<std::pair<std::string, json::Value>> layers_;
  json::Value usual_, by_class_;
};

/// source  vllm/model_executor/layers/quantization/quark/quark.py, QuarkConfig.from_config
Result<Method> read(const Reading& reading) {
  const json::Fields& config = reading.config;
  if (!config.find("export"))
    return refused("The export key should be included in the configurations of Quark quantized model");
  std::vector<std::pair<std::string, json::Value>> layers;
  if (const json::Value* found = config.find("layer_quant_config"); found && found->object())
    for (const auto& [name, recipe] : found->object()->members())
      layers.emplace_back(renamed(name, reading.rules), recipe);
  const auto copy = [&](const char* key) {
    const json::Value* found = config.find(key);
    return found ? *found : json::Value();
  };
  return Method(new QuarkMethod(reading, NameList(reading.names("exclude"), NameList::Kind::kExpression),
                                std::move(layers), copy("global_quant_config"), copy("layer_type_quant_config")));
}

}  // namespace

extern const Entry quark;
const Entry quark{kNames, read};

}  // namespace vram::arch::quantisations
