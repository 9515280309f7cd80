// NVIDIA's ModelOpt: one algorithm for all layers but some, or one for each layer ("MIXED_PRECISION").
#include <algorithm>
#include <map>

#include "arch/quantisations.h"
#include "units/text.h"

namespace vram::arch::quantisations {
namespace {

constexpr std::string_view kNames[] = {"modelopt", "modelopt_fp4", "modelopt_mxfp8", "modelopt_mixed", "mxfp8"};

enum class Exclusion {
  kFp4ByWildcard,    // FP8 excludes nothing and has no experts
  kEachInItsOwnWay,  // FP8: an entry is part of the name; FP4: wildcards
  kAllInAllWays,
};
constexpr vllm::Step<Exclusion> kExclusion[] = {
    {{}, Exclusion::kFp4ByWildcard, "vllm v0.9.2 layers/quantization/modelopt.py get_quant_method"},
    {{2025, 8, 16}, Exclusion::kEachInItsOwnWay, "~vllm v0.10.1 modelopt.py is_layer_excluded; also v0.11.2"},
    {{2025, 11, 30}, Exclusion::kAllInAllWays, "~vllm v0.12.0 modelopt.py ModelOptQuantConfigBase"},
};
static_assert(vllm::well_formed(kExclusion));

constexpr vllm::Step<bool> kFlatConfig[] = {
    {{}, false, "vllm v0.9.2 modelopt.py from_config: hf_quant_config.json's layout alone"},
    {{2025, 8, 16}, true, "~vllm v0.10.1 modelopt.py from_config"},
};
static_assert(vllm::well_formed(kFlatConfig));

constexpr vllm::Step<bool> kReadsIgnore[] = {
    {{}, false, "vllm v0.10.2 modelopt.py from_config: exclude_modules"},
    {{2025, 11, 11}, true, "~vllm v0.11.2 modelopt.py from_config: ignore, else exclude_modules"},
};
static_assert(vllm::well_formed(kReadsIgnore));

constexpr vllm::Step<bool> kOpenEnds[] = {
    {{}, false, "vllm v0.12.0 modelopt.py apply_vllm_mapper"},
    {{2025, 12, 12}, true, "~vllm v0.13.0 modelopt.py apply_vllm_mapper: \"x*\" becomes \"x\" and \"x.*\""},
};
static_assert(vllm::well_formed(kOpenEnds));

constexpr vllm::Step<bool> kHeads[] = {
    {{}, false, "vllm v0.9.2 modelopt.py get_quant_method; also v0.22.0"},
    {{2026, 6, 8}, true, "vllm v0.23.0 modelopt.py: ParallelLMHead as LinearBase"},
};
static_assert(vllm::well_formed(kHeads));

constexpr vllm::Step<bool> kLatentToo[] = {
    {{}, false, "vllm v0.12.0 modelopt.py get_quant_method: Attention; also v0.16.0"},
    {{2026, 3, 4}, true, "~vllm v0.17.0 modelopt.py: MLAAttention too"},
};
static_assert(vllm::well_formed(kLatentToo));

constexpr vllm::Step<bool> kWeightOnlyByGroups[] = {
    {{}, false, "vllm v0.28.0 modelopt.py ModelOptNvFp4Config._from_config"},
    {{2026, 8, 31}, true, "~vllm v0.29.0 _from_config: no group quantises its inputs"},
};
static_assert(vllm::well_formed(kWeightOnlyByGroups));

constexpr vllm::Step<Nvfp4::InputScale> kUnusedInputScale[] = {
    {{}, Nvfp4::InputScale::kFloat32, "vllm v0.21.0 modelopt.py ModelOptNvFp4W4A16LinearMethod; also v0.29.0"},
    {{2026, 9, 14}, Nvfp4::InputScale::kModelDtype, "~vllm v0.30.0 modelopt.py _DropInputScale"},
};
static_assert(vllm::well_formed(kUnusedInputScale));

struct Lookups {
  bool renamed_prefixes, expert_parents, usual_parts;
};
constexpr vllm::Step<Lookups> kLookups[] = {
    {{}, {false, false, false}, "vllm v0.17.0 modelopt.py _resolve_quant_algo; also v0.21.0"},
    {{2026, 5, 25}, {true, false, false}, "~vllm v0.22.0 _quantized_layer_prefix_candidates"},
    {{2026, 6, 8}, {true, true, false}, "vllm v0.23.0 _resolve_quant_algo: .experts"},
    {{2026, 7, 5}, {true, true, true}, "~vllm v0.25.1 _resolve_quant_algo: fused_projection_shards"},
};
static_assert(vllm::well_formed(kLookups));

constexpr vllm::Step<std::string_view> kAlgorithms[] = {
    {{}, "'FP8', 'NVFP4'", "vllm v0.9.2 modelopt.py QUANT_ALGOS; also v0.13.0"},
    {{2026, 1, 13}, "'FP8', 'FP8_PER_CHANNEL_PER_TOKEN', 'FP8_PB_WO', 'NVFP4'", "~vllm v0.14.1 QUANT_ALGOS"},
    {{2026, 2, 9}, "'FP8', 'FP8_PER_CHANNEL_PER_TOKEN', 'FP8_PB_WO', 'NVFP4', 'MXFP8'", "~vllm v0.16.0 QUANT_ALGOS"},
    {{2026, 3, 4},
     "'FP8', 'FP8_PER_CHANNEL_PER_TOKEN', 'FP8_PB_WO', 'NVFP4', 'MXFP8', 'MIXED_PRECISION'",
     "~vllm v0.17.0 QUANT_ALGOS; also v0.20.0"},
    {{2026, 5, 9},
     "'FP8', 'FP8_PER_CHANNEL_PER_TOKEN', 'FP8_PB_WO', 'NVFP4', 'W4A16_NVFP4', 'MXFP8', 'MIXED_PRECISION'",
     "~vllm v0.21.0 QUANT_ALGOS; also v0.33.0"},
};
static_assert(vllm::well_formed(kAlgorithms));

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c;
  return text;
}

/// The format of linear layers under `algorithm`; nothing for one that vLLM does not know.
std::optional<Packing> linear_format(std::string_view algorithm, int group, vllm::Date as_of) {
  if (algorithm == "FP8") return Fp8{.static_input = true, .maker = Maker::kModelOpt};
  if (algorithm == "FP8_PER_CHANNEL_PER_TOKEN") return Fp8{.scale = Fp8::Scale::kChannel, .maker = Maker::kModelOpt};
  if (algorithm == "FP8_PB_WO")
    return Fp8{.scale = Fp8::Scale::kBlock, .block_rows = 128, .block_columns = 128, .maker = Maker::kModelOpt};
  if (algorithm == "NVFP4") return Nvfp4{group, false, Nvfp4::InputScale::kFloat32, Maker::kModelOpt};
  if (algorithm == "W4A16_NVFP4") return Nvfp4{group, true, vllm::in_force(kUnusedInputScale, as_of), Maker::kModelOpt};
  if (algorithm == "MXFP8") return Mxfp8{.maker = Maker::kModelOpt};
  return std::nullopt;
}

/// Experts know fewer: all of FP8's kinds are stored per tensor.
std::optional<Packing> expert_format(std::string_view algorithm, int group, vllm::Date as_of) {
  if (algorithm.starts_with("FP8")) return Fp8{.static_input = true, .maker = Maker::kModelOpt};
  return linear_format(algorithm, group, as_of);
}

class Excluded {
 public:
  Excluded(const std::vector<std::string>& names, bool fp8, vllm::Date as_of)
      : exact_(names, NameList::Kind::kExact),
        part_(names, NameList::Kind::kSubstring),
        wildcard_(names, NameList::Kind::kWildcard),
        fp8_(fp8),
        as_of_(as_of) {}

  /// source  vllm/model_executor/layers/quantization/modelopt.py, is_layer_excluded
  [[nodiscard]] Result<bool> has(const LayerName& layer) const {
    if (exact_.empty()) return false;
    const Exclusion rule = vllm::in_force(kExclusion, as_of_);
    if (rule == Exclusion::kFp4ByWildcard && fp8_) return false;
    const auto skipped = is_layer_skipped(layer, exact_, as_of_);
    if (!skipped || *skipped) return skipped;
    const bool all = rule == Exclusion::kAllInAllWays;
    return ((all || fp8_) && part_.matches(layer.prefix)) || ((all || !fp8_) && wildcard_.matches(layer.prefix));
  }

 private:
  NameList exact_, part_, wildcard_;
  bool fp8_;
  vllm::Date as_of_;
};

bool is_vision(std::string_view prefix) {
  return prefix.find("vision_tower") != prefix.npos || prefix.find("vision_model") != prefix.npos ||
         prefix.find("vit_large_projector") != prefix.npos;
}

KvScales kv_scales(bool latent, vllm::Date as_of) {
  return vllm::in_force(kLatentToo, as_of) ? KvScales{KvScales::Kind::kScalars, false}
                                           : attention_scales(latent, as_of);
}

class UniformMethod final : public QuantisationMethod {
 public:
  UniformMethod(std::string algorithm, int group, Excluded excluded, vllm::Date as_of)
      : algorithm_(std::move(algorithm)), group_(group), excluded_(std::move(excluded)), as_of_(as_of) {}

  [[nodiscard]] Result<Packing> linear(const LayerName& layer) const override {
    return unless_excluded(layer, linear_format(algorithm_, group_, as_of_));
  }
  [[nodiscard]] Result<Packing> experts(const LayerName& layer) const override {
    const Exclusion rule = vllm::in_force(kExclusion, as_of_);
    const bool fp8 = algorithm_.starts_with("FP8");
    if (rule == Exclusion::kFp4ByWildcard && fp8) return Packing(Unquantised{});
    const auto format = expert_format(algorithm_, group_, as_of_);
    if (rule != Exclusion::kAllInAllWays) return format.value_or(Unquantised{});  // the list is not asked
    return unless_excluded({layer.prefix}, format);
  }
  [[nodiscard]] Result<Packing> head(const LayerName& layer) const override {
    return vllm::in_force(kHeads, as_of_) ? linear(layer) : Result<Packing>(Packing(Unquantised{}));
  }
  [[nodiscard]] KvScales attention(const LayerName&, bool latent) const override { return kv_scales(latent, as_of_); }

 private:
  [[nodiscard]] Result<Packing> unless_excluded(const LayerName& layer, const std::optional<Packing>& format) const {
    const auto excluded = excluded_.has(layer);
    if (!excluded) return excluded.error();
    const bool tower = vllm::in_force(kExclusion, as_of_) == Exclusion::kAllInAllWays && is_vision(layer.prefix);
    return *excluded || tower ? Packing(Unquantised{}) : format.value_or(Unquantised{});
  }

  std::string algorithm_;
  int group_;
  Excluded excluded_;
  vllm::Date as_of_;
};

/// An algorithm for each layer, by the checkpoint's names.
class MixedMethod final : public QuantisationMethod {
 public:
  struct Recipe {
    std::string algorithm;
    std::size_t place;  // in the config's order
  };
  using Recipes = std::map<std::string, Recipe, std::less<>>;

  MixedMethod(Recipes recipes, int group, Fp8 block, bool scaled_cache, Excluded excluded, vllm::Date as_of)
      : recipes_(std::move(recipes)),
        group_(group),
        block_(block),
        scaled_cache_(scaled_cache),
        excluded_(std::move(excluded)),
        as_of_(as_of) {}

  [[nodiscard]] Result<Packing> linear(const LayerName& layer) const override {
    const auto algorithm = algorithm_of(layer);
    if (!algorithm) return algorithm.error();
    return linear_format(*algorithm, group_, as_of_).value_or(Unquantised{});
  }
  [[nodiscard]] Result<Packing> experts(const LayerName& layer) const override {
    const auto algorithm = algorithm_of({layer.prefix});
    if (!algorithm) return algorithm.error();
    if (*algorithm == "FP8_PB_WO" || *algorithm == "FP8_BLOCK_SCALES") return Packing(block_);
    return expert_format(*algorithm, group_, as_of_).value_or(Unquantised{});
  }
  [[nodiscard]] Result<Packing> head(const LayerName& layer) const override {
    return vllm::in_force(kHeads, as_of_) ? linear(layer) : Result<Packing>(Packing(Unquantised{}));
  }
  [[nodiscard]] KvScales attention(const LayerName&, bool latent) const override {
    return scaled_cache_ ? attention_scales(latent, as_of_) : KvScales{};
  }

 private:
  /// Empty for a layer that is not quantised.
  /// source  vllm/model_executor/layers/quantization/modelopt.py, _resolve_quant_algo
  [[nodiscard]] Result<std::string> algorithm_of(const LayerName& layer) const {
    const auto excluded = excluded_.has(layer);
    if (!excluded) return excluded.error();
    if (*excluded) return std::string();
    const Lookups lookups = vllm::in_force(kLookups, as_of_);
    const std::vector<std::string> names = candidates(layer.prefix, lookups);
    for (const std::string& name : names)
      if (const auto found = recipes_.find(name); found != recipes_.end()) return found->second.algorithm;
    if (!layer.shards.empty()) {
      const auto found = by_parts(layer, layer.shards, lookups);
      if (!found || !found->empty()) return found;
    }
    for (const std::string& name : names)
      if (const Recipe* first = first_under(name + '.')) return first->algorithm;
    constexpr std::string_view kExperts = ".experts";
    if (lookups.expert_parents && layer.prefix.ends_with(kExperts))
      if (const Recipe* first = first_under(layer.prefix.substr(0, layer.prefix.find(kExperts)), '.'))
        return first->algorithm;
    if (lookups.usual_parts) return by_usual_parts(layer, lookups);
    return std::string();
  }

  [[nodiscard]] Result<std::string> by_usual_parts(const LayerName& layer, const Lookups& lookups) const {
    static constexpr std::string_view kQkv[] = {"q_proj", "k_proj", "v_proj"}, kGateUp[] = {"gate_proj", "up_proj"};
    if (layer.last() == "qkv_proj") return by_parts(layer, kQkv, lookups);
    if (layer.last() == "gate_up_proj") return by_parts(layer, kGateUp, lookups);
    return std::string();
  }

  [[nodiscard]] Result<std::string> by_parts(const LayerName& layer, std::span<const std::string_view> parts,
                                             const Lookups& lookups) const {
    const std::string_view base = layer.prefix.substr(0, layer.prefix.rfind('.') + 1);
    std::string common;
    for (const std::string& candidate : candidates(base, lookups))
      for (const std::string_view part : parts) {
        const auto found = recipes_.find(candidate + std::string(part));
        if (found == recipes_.end()) continue;
        if (!common.empty() && common != found->second.algorithm)
          return refused("Mixed quant_algo within fused layer " + std::string(layer.prefix) + ": {'" + common + "', '" +
                         found->second.algorithm + "'}. All shards must use the same quantization.");
        common = found->second.algorithm;
      }
    return common;
  }

  static std::vector<std::string> candidates(std::string_view prefix, const Lookups& lookups) {
    std::vector<std::string> names{std::string(prefix)};
    if (!lookups.renamed_prefixes) return names;
    constexpr std::string_view kOurs = "language_model.model.", kTheirs = "model.language_model.";
    if (prefix.ends_with(".lm_head")) names.emplace_back("lm_head");
    if (prefix.starts_with(kOurs)) names.push_back(std::string(kTheirs) + std::string(prefix.substr(kOurs.size())));
    if (prefix.starts_with(kTheirs)) names.push_back(std::string(kOurs) + std::string(prefix.substr(kTheirs.size())));
    return names;
  }

  [[nodiscard]] const Recipe* first_under(std::string prefix) const {
    const Recipe* first = nullptr;
    for (auto found = recipes_.lower_bound(prefix); found != recipes_.end() && found->first.starts_with(prefix);
         ++found)
      if (!first || found->second.place < first->place) first = &found->second;
    return first;
  }
  [[nodiscard]] const Recipe* first_under(std::string_view prefix, char dot) const {
    return first_under(std::string(prefix) + dot);
  }

  Recipes recipes_;
  int group_;
  Fp8 block_;
  bool scaled_cache_;
  Excluded excluded_;
  vllm::Date as_of_;
};

/// "x*" also means what begins with x and goes on after a dot; then the model class renames.
std::vector<std::string> excluded_names(const Reading& reading, std::vector<std::string> names) {
  std::vector<std::string> result;
  const bool open = vllm::in_force(kOpenEnds, reading.options.as_of) && !reading.rules.empty();
  for (std::string& name : names) {
    if (open && name.size() >= 2 && name.back() == '*' && name[name.size() - 2] != '.') {
      name.pop_back();
      result.push_back(renamed(name, reading.rules));
      name += ".*";
    }
    result.push_back(renamed(std::move(name), reading.rules));
  }
  return result;
}

Result<Method> read_mixed(const Reading& reading, const json::Fields& config, bool nested, Excluded excluded) {
  const json::Value* layers = config.find("quantized_layers");
  if (!layers || !layers->object() || layers->object()->members().empty())
    return refused(
        "MIXED_PRECISION quant_algo requires a non-empty 'quantized_layers' mapping in the quantization config.");
  MixedMethod::Recipes recipes;
  std::optional<std::int64_t> group = config.maybe_count("group_size", 1);
  std::int64_t block = 128;
  for (const auto& [name, value] : layers->object()->members()) {
    const json::Fields layer(value, config.place() + ", \"" + name + '"');
    std::string algorithm = upper(layer.text_or("quant_algo", ""));
    if (!group && algorithm.ends_with("NVFP4")) group = layer.count_or("group_size", 16, 1);
    if (algorithm == "FP8_PB_WO" || algorithm == "FP8_BLOCK_SCALES") block = layer.count_or("group_size", 128, 1);
    if (layer.error()) return *layer.error();
    const std::size_t place = recipes.size();
    recipes.try_emplace(renamed(name, reading.rules), MixedMethod::Recipe{std::move(algorithm), place});
  }
  const Fp8 blocks{Fp8::Scale::kBlock, int(block), int(block), false, Dtype::kFloat32, Maker::kVllm};
  const bool scaled = nested ? config.has("kv_cache_quant_algo")
                             : config.inner("kv_cache_scheme").text_or("type", "") == "float" &&
                                   config.inner("kv_cache_scheme").maybe_count("num_bits") == 8;
  return Method(new MixedMethod(std::move(recipes), int(group.value_or(16)), blocks, scaled, std::move(excluded),
                                reading.options.as_of));
}

bool no_group_quantises_inputs(const json::Fields& config) {
  const json::Value* groups = config.find("config_groups");
  if (!groups || !groups->object() || groups->object()->members().empty()) return false;
  return std::ranges::all_of(groups->object()->members(),
                             [](const auto& member) { return !member.second.find("input_activations"); });
}

/// source  vllm/model_executor/layers/quantization/modelopt.py, ModelOptQuantConfigBase.from_config
Result<Method> read(const Reading& reading) {
  const json::Fields& outer = reading.config;
  const vllm::Date as_of = reading.options.as_of;
  if (reading.method == "mxfp8" && !outer.has("quant_method")) return online_method(Online::Target::kMxfp8, as_of);
  const bool nested = outer.has("quantization");
  if (!nested && !vllm::in_force(kFlatConfig, as_of))
    return refused("Cannot find any of ['quantization'] in the model's quantization config.");
  const json::Fields config = nested ? outer.inner("quantization") : outer;
  std::string algorithm = upper(config.text_or("quant_algo", ""));
  const bool plain_mxfp8 = algorithm.empty() && !nested && reading.method == "mxfp8";
  if (plain_mxfp8) algorithm = "MXFP8";
  if (algorithm.empty()) return refused("Missing 'quant_algo' in quantization config");
  const std::string_view known = vllm::in_force(kAlgorithms, as_of);
  if (!plain_mxfp8 && known.find('\'' + algorithm + '\'') == known.npos)
    return refused("ModelOpt currently only supports: [" + std::string(known) +
                   "] quantizations in vLLM. Please check the `hf_quant_config.json` file for your model's quant "
                   "configuration.");
  std::vector<std::string> names;
  if (plain_mxfp8)
    names = config.texts("ignored_layers");
  else if (!nested && config.has("ignore") && vllm::in_force(kReadsIgnore, as_of))
    names = config.texts("ignore");
  else
    names = config.texts("exclude_modules");
  Excluded excluded(excluded_names(reading, std::move(names)), algorithm.starts_with("FP8"), as_of);
  if (reading.method == "modelopt_mixed") return read_mixed(reading, config, nested, std::move(excluded));
  if (algorithm == "NVFP4" && !nested && vllm::in_force(kWeightOnlyByGroups, as_of) && no_group_quantises_inputs(outer))
    algorithm = "W4A16_NVFP4";
  const int group = int(config.count_or("group_size", 16, 1));
  return Method(new UniformMethod(std::move(algorithm), group, std::move(excluded), as_of));
}

}  // namespace

extern const Entry modelopt;
const Entry modelopt{kNames, read};

}  // namespace vram::arch::quantisations
