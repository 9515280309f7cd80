// "compressed-tensors": groups of layers by name, by expression or by class, each with its own scheme.
#include <algorithm>
#include <limits>

#include "arch/compressed_schemes.h"
#include "arch/quantisations.h"
#include "units/text.h"

namespace vram::arch::quantisations {
namespace {

constexpr std::string_view kNames[] = {"compressed-tensors"};

constexpr vllm::Step<bool> kIgnoresAnyLayer[] = {
    {{}, true, "vllm v0.9.2 compressed_tensors.py get_quant_method: the list is asked first"},
    {{2025, 8, 16}, false, "~vllm v0.10.1 compressed_tensors.py: for schemes only"},
};
static_assert(vllm::well_formed(kIgnoresAnyLayer));

enum class Order { kClassBeforeParts, kPartsBeforeClass };
constexpr vllm::Step<Order> kOrder[] = {
    {{}, Order::kClassBeforeParts, "vllm v0.9.2 compressed_tensors/utils.py find_matched_target; also v0.26.0"},
    {{2026, 8, 3}, Order::kPartsBeforeClass, "~vllm v0.27.0 find_matched_target"},
};
static_assert(vllm::well_formed(kOrder));

constexpr vllm::Step<bool> kEachLayerHasATarget[] = {
    {{}, true, "vllm v0.9.2 find_matched_target; also v0.20.0"},
    {{2026, 5, 9}, false, "~vllm v0.21.0 find_matched_target: none means unquantised"},
};
static_assert(vllm::well_formed(kEachLayerHasATarget));

enum class Experts { kAsLinear, kByTheirProjections };
constexpr vllm::Step<Experts> kExperts[] = {
    {{}, Experts::kAsLinear, "vllm v0.9.2 compressed_tensors_moe.py get_moe_method; also v0.11.2"},
    {{2025, 11, 30}, Experts::kByTheirProjections, "~vllm v0.12.0 get_moe_method, unfused_names"},
};
static_assert(vllm::well_formed(kExperts));

constexpr vllm::Step<bool> kOwnProjectionNames[] = {
    {{}, false, "vllm v0.12.0 get_moe_method: gate_proj, up_proj, down_proj whatever the model calls them"},
    {{2026, 10, 20}, true, "~vllm v0.32.0 get_moe_method, ckpt_gate_proj_name"},
};
static_assert(vllm::well_formed(kOwnProjectionNames));

struct Vocabulary {
  bool head, embedding;
};
constexpr vllm::Step<Vocabulary> kVocabulary[] = {
    {{}, {false, false}, "vllm v0.9.2 compressed_tensors.py get_quant_method; also v0.19.0"},
    {{2026, 4, 20}, {true, false}, "~vllm v0.20.0: ParallelLMHead"},
    {{2026, 6, 8}, {true, true}, "vllm v0.23.0: VocabParallelEmbedding"},
};
static_assert(vllm::well_formed(kVocabulary));

constexpr vllm::Step<bool> kOwnKvScales[] = {
    {{}, false, "vllm v0.9.2 layers/quantization/kv_cache.py; also v0.14.1"},
    {{2026, 1, 27}, true, "~vllm v0.15.0 compressed_tensors.py CompressedTensorsKVCacheMethod.create_weights"},
};
static_assert(vllm::well_formed(kOwnKvScales));

/// The targets of all groups, in order; the first that fits is taken.
class Targets {
 public:
  void add(std::string target, std::size_t scheme) {
    const std::size_t place = targets_.size();
    if (target.starts_with("re:")) {
      if (auto pattern = Pattern::compile(std::string_view(target).substr(3)))
        expressions_.emplace_back(place, *std::move(pattern));
    } else {
      exact_.emplace(target, place);
    }
    targets_.push_back({std::move(target), scheme});
  }
  [[nodiscard]] bool empty() const { return targets_.empty(); }

  [[nodiscard]] std::optional<std::size_t> by_name(const std::string& name) const {
    std::size_t best = kNowhere;
    if (const auto found = exact_.find(name); found != exact_.end()) best = found->second;
    for (const auto& [place, pattern] : expressions_)
      if (place < best && pattern.matches_start(name)) best = place;
    return scheme_at(best);
  }
  /// A target is part of the class's name, whatever its case.
  [[nodiscard]] std::optional<std::size_t> by_class(std::string_view type) const {
    const std::string wanted = lower(type);
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const std::string& target = targets_[i].name;
      if (target.starts_with("re:") ? matches_at(i, type) : wanted.find(lower(target)) != std::string::npos)
        return targets_[i].scheme;
    }
    return std::nullopt;
  }
  [[nodiscard]] bool has(const std::string& target) const { return exact_.contains(target); }

 private:
  static constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();
  struct Target {
    std::string name;
    std::size_t scheme;
  };
  [[nodiscard]] std::optional<std::size_t> scheme_at(std::size_t place) const {
    return place == kNowhere ? std::nullopt : std::optional(targets_[place].scheme);
  }
  [[nodiscard]] bool matches_at(std::size_t place, std::string_view text) const {
    return std::ranges::any_of(
        expressions_, [&](const auto& each) { return each.first == place && each.second.matches_start(text); });
  }

  std::vector<Target> targets_;
  std::unordered_map<std::string, std::size_t> exact_;
  std::vector<std::pair<std::size_t, Pattern>> expressions_;
};

class CompressedTensorsMethod final : public QuantisationMethod {
 public:
  CompressedTensorsMethod(std::vector<QuantScheme> schemes, Targets targets, NameList ignored, bool per_head,
                          bool scaled, const BuildOptions& options)
      : schemes_(std::move(schemes)),
        targets_(std::move(targets)),
        ignored_(std::move(ignored)),
        per_head_(per_head),
        scaled_(scaled),
        options_(options) {}

  [[nodiscard]] Result<Packing> linear(const LayerName& layer) const override {
    const auto scheme = scheme_of(layer);
    if (!scheme) return scheme.error();
    if (!*scheme) return Packing(Unquantised{});
    return linear_format(schemes_[**scheme], std::string(layer.prefix), options_);
  }

  [[nodiscard]] Result<Packing> experts(const LayerName& layer) const override {
    if (vllm::in_force(kExperts, options_.as_of) == Experts::kAsLinear) return experts_as_linear(layer);
    static constexpr std::string_view kUsual[] = {"gate_proj", "up_proj", "down_proj"};
    const std::span<const std::string_view> projections =
        vllm::in_force(kOwnProjectionNames, options_.as_of) ? layer.shards : std::span<const std::string_view>(kUsual);
    std::optional<std::optional<std::size_t>> common;
    for (const std::string_view projection : projections) {
      const std::string name = std::string(layer.prefix) + ".0." + std::string(projection);
      const auto scheme = scheme_of({name, {}, "RoutedExperts"});
      if (!scheme) return scheme.error();
      if (common && !same(*common, *scheme))
        return refused("All MoE projections need to have same quantization scheme but found multiple");
      common = *scheme;
    }
    if (!common || !*common) return Packing(Unquantised{});
    return expert_format(schemes_[**common], options_);
  }

  [[nodiscard]] Result<Packing> head(const LayerName& layer) const override {
    if (!vllm::in_force(kVocabulary, options_.as_of).head) return Packing(Unquantised{});
    return linear({layer.prefix, layer.shards, "ParallelLMHead"});
  }

  [[nodiscard]] Result<Packing> embedding(const LayerName& layer) const override {
    if (!vllm::in_force(kVocabulary, options_.as_of).embedding) return Packing(Unquantised{});
    return linear({layer.prefix, layer.shards, "VocabParallelEmbedding"});
  }

  [[nodiscard]] KvScales attention(const LayerName& layer, bool latent) const override {
    if (vllm::in_force(kIgnoresAnyLayer, options_.as_of) && ignored_.matches(layer.prefix)) return {};
    const KvScales usual = attention_scales(latent, options_.as_of);
    if (usual.kind == KvScales::Kind::kNone || !vllm::in_force(kOwnKvScales, options_.as_of)) return usual;
    return {KvScales::Kind::kCompressedTensors, per_head_, scaled_};
  }

 private:
  [[nodiscard]] bool same(const std::optional<std::size_t>& a, const std::optional<std::size_t>& b) const {
    if (!a || !b) return a == b;
    return *a == *b || schemes_[*a] == schemes_[*b];
  }

  [[nodiscard]] Result<Packing> experts_as_linear(const LayerName& layer) const {
    if (vllm::in_force(kIgnoresAnyLayer, options_.as_of) && ignored_.matches(layer.prefix))
      return Packing(Unquantised{});
    const auto scheme = targets_.by_class("Linear");
    return scheme ? expert_format(schemes_[*scheme], options_) : Result<Packing>(Packing(Unquantised{}));
  }

  /// source  compressed_tensors.py, get_scheme_dict
  [[nodiscard]] Result<std::optional<std::size_t>> scheme_of(const LayerName& layer) const {
    using Found = std::optional<std::size_t>;
    const auto ignored = should_ignore_layer(layer, ignored_, options_.as_of);
    if (!ignored) return ignored.error();
    if (*ignored || targets_.empty()) return Found();
    if (const Found found = targets_.by_name(std::string(layer.prefix))) return found;
    const auto by_class = [&]() -> Found {
      if (layer.type != "RoutedExperts") return targets_.by_class(layer.type);
      // Experts go with Linear unless a target is theirs.
      const Found own = targets_.by_class(layer.type);
      return own || !targets_.has("Linear") ? own : targets_.by_name("Linear");
    };
    const bool parts_first = vllm::in_force(kOrder, options_.as_of) == Order::kPartsBeforeClass;
    if (const Found found = parts_first ? by_parts(layer) : by_class()) return found;
    if (const Found found = parts_first ? by_class() : by_parts(layer)) return found;
    const bool vocabulary = layer.type == "ParallelLMHead" || layer.type == "VocabParallelEmbedding";
    if (!vllm::in_force(kEachLayerHasATarget, options_.as_of) || vocabulary) return Found();
    return refused("Unable to find matching target for " + std::string(layer.prefix) +
                   " in the compressed-tensors config.");
  }

  /// The first part's scheme, when every part has one.
  [[nodiscard]] std::optional<std::size_t> by_parts(const LayerName& layer) const {
    std::optional<std::size_t> first;
    for (const std::string& name : shard_names(layer)) {
      const auto found = targets_.by_name(name);
      if (!found) return std::nullopt;
      if (!first) first = found;
    }
    return first;
  }

  std::vector<QuantScheme> schemes_;
  Targets targets_;
  NameList ignored_;
  bool per_head_, scaled_;
  BuildOptions options_;
};

/// What vLLM checks of kv_cache_scheme.
std::optional<Error> unsuitable_cache(const json::Fields& scheme) {
  const std::string type = scheme.text_or("type", "None"), strategy = scheme.text_or("strategy", "");
  const std::int64_t bits = scheme.maybe_count("num_bits").value_or(0);
  if (type != "float" || bits != 8)
    return refused("Currently supported kv cache quantization is num_bits=8, type=float, however received num_bits=" +
                   std::to_string(bits) + ", type=" + type);
  if (!scheme.flag_or("symmetric", false))
    return refused("Only support symmetric scaling factor for compressed-tensors KV cache. However found symmetric: " +
                   std::string(scheme.has("symmetric") ? "False" : "None"));
  return std::nullopt;
}

/// Whether any transform is left for vLLM to apply; those of weights are in the checkpoint's already.
/// source  compressed_tensors/transform/transform_args.py, TransformLocation.is_online
bool has_online_transforms(const json::Fields& config) {
  const json::Value* transforms = config.inner("transform_config").find("config_groups");
  if (!transforms || !transforms->object()) return false;
  return std::ranges::any_of(transforms->object()->members(), [](const auto& scheme) {
    const json::Value* places = scheme.second.find("apply");
    return places && places->array() && std::ranges::any_of(*places->array(), [](const json::Value& place) {
             const json::Value* location = place.find("location");
             const bool at_weight = location && location->string() &&
                                    (*location->string() == "weight_input" || *location->string() == "weight_output");
             return !at_weight;
           });
  });
}

/// source  vllm/model_executor/layers/quantization/compressed_tensors/compressed_tensors.py, from_config
Result<Method> read(const Reading& reading) {
  const json::Fields& config = reading.config;
  if (!config.inner("sparsity_config").texts("targets").empty())
    return Error{ErrorCode::kUnsupported, config.place(), "2:4 sparsity is not modelled", "give a dense model"};
  if (has_online_transforms(config))
    return Error{ErrorCode::kUnsupported, config.place(), "transforms of activations are not modelled", ""};
  std::vector<QuantScheme> schemes;
  Targets targets;
  const std::string format = config.text_or("format", "");
  if (const json::Value* groups = config.find("config_groups"); groups && groups->object())
    for (const auto& [key, value] : groups->object()->members()) {
      const json::Fields group(value, config.place() + ", \"" + key + '"');
      const std::vector<std::string> names = group.texts("targets");
      if (names.size() == 1 && names.front().ends_with("Attention")) continue;
      const auto weights = QuantArgs::read(group, "weights");
      if (!weights) continue;
      QuantScheme scheme{*weights, QuantArgs::read(group, "input_activations"),
                         QuantArgs::read(group, "output_activations"), group.text_or("format", format)};
      if (group.error()) return *group.error();
      for (const std::string& name : names) targets.add(renamed(name, reading.rules), schemes.size());
      schemes.push_back(std::move(scheme));
    }
  const json::Fields cache = config.inner("kv_cache_scheme");
  const bool scaled = config.has("kv_cache_scheme");
  if (scaled)
    if (auto refusal = unsuitable_cache(cache)) return *refusal;
  return Method(new CompressedTensorsMethod(std::move(schemes), std::move(targets),
                                            NameList(reading.names("ignore"), NameList::Kind::kExpression),
                                            cache.text_or("strategy", "") == "attn_head", scaled, reading.options));
}

}  // namespace

extern const Entry compressed_tensors;
const Entry compressed_tensors{kNames, read};

}  // namespace vram::arch::quantisations
