// Intel's AutoRound: "auto-round", later "inc". Integers in GPTQ's or AWQ's layout.
#include <algorithm>

#include "arch/quantisations.h"

namespace vram::arch::quantisations {
namespace {

constexpr std::string_view kNames[] = {"auto-round", "inc"};

/// "extra_config" also names fused layers by their parts, layers by expressions, and layers by their names' ends.
struct Naming {
  bool parts, expressions, ends;
};
constexpr vllm::Step<Naming> kNaming[] = {
    {{}, {false, false, false}, "vllm v0.9.2 layers/quantization/auto_round.py get_layer_config"},
    {{2025, 9, 12}, {true, false, false}, "~vllm v0.10.2 auto_round.py get_layer_config; also v0.11.0"},
    {{2025, 11, 30}, {true, true, false}, "~vllm v0.12.0 auto_round.py get_layer_config; also v0.25.1"},
    {{2026, 8, 18}, {true, true, true}, "~vllm v0.28.0 inc/config_parser.py _resolve_raw"},
};
static_assert(vllm::well_formed(kNaming));

struct Recipe {
  std::int64_t bits = 16, group = -1;
  bool symmetric = true;
  friend bool operator==(const Recipe&, const Recipe&) = default;
};

/// One entry of "extra_config": what differs for the layers that it names.
struct Exception {
  std::string name;
  std::optional<Pattern> pattern;
  std::optional<std::int64_t> bits, group;
  std::optional<bool> symmetric;

  [[nodiscard]] Recipe over(const Recipe& recipe) const {
    return {bits.value_or(recipe.bits), group.value_or(recipe.group), symmetric.value_or(recipe.symmetric)};
  }
};

class IncMethod final : public QuantisationMethod {
 public:
  IncMethod(const Recipe& recipe, bool awq, std::vector<std::string> blocks, std::vector<Exception> exceptions,
            vllm::Date as_of)
      : recipe_(recipe),
        awq_(awq),
        naming_(vllm::in_force(kNaming, as_of)),
        blocks_(std::move(blocks)),
        exceptions_(std::move(exceptions)) {}

  [[nodiscard]] Result<Packing> linear(const LayerName& layer) const override {
    const auto recipe = recipe_of(layer, in_blocks(layer, true));
    return recipe ? packing(*recipe) : recipe.error();
  }
  [[nodiscard]] Result<Packing> experts(const LayerName& layer) const override {
    const auto recipe = recipe_of({layer.prefix}, in_blocks(layer, true));
    return recipe ? packing(*recipe) : recipe.error();
  }
  [[nodiscard]] Result<Packing> head(const LayerName& layer) const override {
    const auto recipe = recipe_of(layer, in_blocks(layer, false));
    return recipe ? packing(*recipe) : recipe.error();
  }

 private:
  [[nodiscard]] bool in_blocks(const LayerName& layer, bool otherwise) const {
    if (blocks_.empty()) return otherwise;
    return std::ranges::any_of(blocks_, [&](const std::string& block) { return layer.prefix.starts_with(block); });
  }

  [[nodiscard]] const Exception* exact(std::string_view name) const {
    const auto found = std::ranges::find(exceptions_, name, &Exception::name);
    return found == exceptions_.end() ? nullptr : &*found;
  }

  [[nodiscard]] const Exception* exception(std::string_view name) const {
    if (const Exception* found = exact(name)) return found;
    if (naming_.expressions)
      for (const Exception& each : exceptions_)
        if (each.pattern && each.pattern->matches_start(name)) return &each;
    return nullptr;
  }

  /// source  vllm/model_executor/layers/quantization/inc/config_parser.py, INCConfigParser._resolve_raw
  [[nodiscard]] Result<Recipe> recipe_of(const LayerName& layer, bool quantised) const {
    const Recipe usual = quantised ? recipe_ : Recipe{};
    if (const Exception* found = exact(layer.prefix)) return found->over(recipe_);
    if (naming_.ends)
      for (const Exception& each : exceptions_)
        if (layer.prefix.ends_with(each.name) && layer.prefix.size() > each.name.size() &&
            layer.prefix[layer.prefix.size() - each.name.size() - 1] == '.')
          return each.over(recipe_);
    const auto asked = [&](std::string_view name) {
      const Exception* found = exception(name);
      return found ? found->over(usual) : usual;
    };
    if (!naming_.parts || layer.shards.empty() || exceptions_.empty()) return asked(layer.prefix);
    const std::vector<std::string> parts = shard_names(layer);
    if (!std::ranges::any_of(parts, [&](const std::string& part) { return exception(part); }))
      return asked(layer.prefix);
    const Recipe first = asked(parts.front());
    if (std::ranges::all_of(parts, [&](const std::string& part) { return asked(part) == first; })) return first;
    std::string list;
    for (const std::string& part : parts) list += (list.empty() ? "'" : ", '") + part + "'";
    return refused("Fused module '" + std::string(layer.prefix) + "' requires consistent quant config for [" + list +
                   "]");
  }

  /// source  inc/schemes/inc_wna16_linear.py, INCWNA16LinearScheme
  [[nodiscard]] Result<Packing> packing(const Recipe& recipe) const {
    if (recipe.bits >= 16) return Packing(Unquantised{});
    constexpr std::int64_t kMarlinGroups[] = {-1, 32, 64, 128};
    const bool marlin = (recipe.bits == 4 || recipe.bits == 8) &&
                        std::ranges::find(kMarlinGroups, recipe.group) != std::end(kMarlinGroups);
    const int bits = int(recipe.bits), group = int(recipe.group);
    if (awq_) return Packing(Awq{bits, group, !recipe.symmetric, marlin});
    return Packing(Gptq{bits, group, false, recipe.symmetric, marlin && recipe.symmetric});
  }

  Recipe recipe_;
  bool awq_;
  Naming naming_;
  std::vector<std::string> blocks_;
  std::vector<Exception> exceptions_;
};

/// "extra_config"; a key with any of an expression's characters is searched for in the layers' names.
std::vector<Exception> exceptions(const Reading& reading) {
  std::vector<Exception> result;
  const json::Value* extra = reading.config.find("extra_config");
  if (!extra || !extra->object()) return result;
  for (const auto& [key, value] : extra->object()->members()) {
    Exception each{renamed(key, reading.rules), {}, {}, {}, {}};
    if (key.find_first_of("*+?^$()[]{}|\\") != key.npos) {
      each.pattern = Pattern::compile(key.starts_with('^') ? key : ".*(?:" + key + ")");
      if (!each.pattern) {
        reading.config.refuse("extra_config", "the expression \"" + key + "\" is not understood", "",
                              ErrorCode::kUnsupported);
        return result;
      }
    }
    const auto number = [&](const char* name) -> std::optional<std::int64_t> {
      const json::Value* found = value.find(name);
      return found && found->integer() ? std::optional(*found->integer()) : std::nullopt;
    };
    each.bits = number("bits");
    each.group = number("group_size");
    if (const json::Value* found = value.find("sym"); found && found->boolean()) each.symmetric = *found->boolean();
    result.push_back(std::move(each));
  }
  return result;
}

/// "block_name_to_quantize": a list, or names with commas between.
std::vector<std::string> blocks(const Reading& reading) {
  const json::Value* found = reading.config.find("block_name_to_quantize");
  if (!found) found = reading.config.find("to_quant_block_names");
  std::vector<std::string> result;
  if (!found) return result;
  if (found->array())
    for (const json::Value& each : *found->array())
      if (each.string()) result.push_back(renamed(*each.string(), reading.rules));
  if (found->string()) {
    std::string_view rest = *found->string();
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      result.push_back(renamed(std::string(rest.substr(0, comma)), reading.rules));
      rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);
    }
  }
  return result;
}

/// source  vllm/model_executor/layers/quantization/inc/inc.py, INCConfig.from_config; v0.9.2 auto_round.py
Result<Method> read(const Reading& reading) {
  const json::Fields& config = reading.config;
  const std::string type = config.text_or("data_type", "int");
  if (type != "int") {
    config.refuse("data_type", "AutoRound's \"" + type + "\" is not modelled", "give the unquantised model",
                  ErrorCode::kUnsupported);
    return *config.error();
  }
  const Recipe recipe{config.count("bits"), config.count("group_size", -1), config.flag_or("sym", true)};
  const std::string layout = config.text_or("packing_format", "auto_round:auto_gptq");
  std::vector<Exception> except = exceptions(reading);
  if (config.error()) return *config.error();
  const bool awq = layout.find("gptq") == layout.npos && layout.find("awq") != layout.npos;
  return Method(new IncMethod(recipe, awq, blocks(reading), std::move(except), reading.options.as_of));
}

}  // namespace

extern const Entry inc;
const Entry inc{kNames, read};

}  // namespace vram::arch::quantisations
