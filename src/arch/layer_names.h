// How quantisation configs name layers, and how vLLM looks its own layers up in their lists.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "arch/pattern.h"
#include "units/result.h"
#include "vllm/release.h"

namespace vram::arch {

/// One layer as vLLM's quantisation code sees it.
struct LayerName {
  std::string_view prefix;  // vLLM's own path: "language_model.model.layers.3.self_attn.qkv_proj"
  /// The checkpoint's names of merged parts where vLLM's packed_modules_mapping has an entry for the last component
  /// ("q_proj", "k_proj", "v_proj"); for experts the names of gate, up and down.
  std::span<const std::string_view> shards = {};
  std::string_view type = "Linear";  // vLLM's class, which compressed-tensors targets may name

  [[nodiscard]] std::string_view last() const { return prefix.substr(prefix.rfind('.') + 1); }
};

/// One renaming of a model class's hf_to_vllm_mapper: checkpoints say `from`, vLLM's modules `to`.
struct NameRule {
  enum class Where { kSubstring, kPrefix, kSuffix };
  Where where = Where::kPrefix;
  std::string_view from, to;
};

/// What a model class says about the names of its layers.
struct ModelNames {
  /// hf_to_vllm_mapper without what only concerns weights (stacked and dropped names). vLLM applies substrings, then
  /// prefixes, then suffixes; list them so.
  std::span<const NameRule> rules = {};
  struct Packed {
    std::string_view name;
    std::span<const std::string_view> shards;
  };
  /// packed_modules_mapping where it differs from qkv_proj = q, k, v and gate_up_proj = gate, up. An entry without
  /// shards takes the common one away.
  std::span<const Packed> packed = {};
};

/// `name` as `rules` rename it.
/// source  vllm/model_executor/models/utils.py, WeightsMapper
std::string renamed(std::string name, std::span<const NameRule> rules);

/// Names and patterns of a config, indexed by the layer numbers in them so that a layer is compared with few.
class NameList {
 public:
  enum class Kind {
    kExact,
    kSubstring,     // an entry is part of the layer's name
    kSuffix,        // an entry is the layer's name or its end after a dot
    kExpression,    // exact, or "re:" and an expression that fits the name's beginning
    kWildcard,      // exact, or with * ? []
    kWildcardOrRe,  // all three
  };
  NameList() = default;
  NameList(std::vector<std::string> names, Kind kind);

  [[nodiscard]] bool matches(std::string_view name) const;
  /// `name` is an entry that is no pattern.
  [[nodiscard]] bool contains(std::string_view name) const { return exact_.contains(name); }
  /// `name` is part of an entry that speaks of experts.
  [[nodiscard]] bool within_expert_entry(std::string_view name) const;
  [[nodiscard]] bool empty() const { return names_.empty(); }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Index = std::unordered_map<std::string, std::vector<std::size_t>, Hash, std::equal_to<>>;
  template <class Test>
  bool any(std::string_view name, const Test& test) const;

  Kind kind_ = Kind::kExact;
  std::vector<std::string> names_;
  std::unordered_set<std::string, Hash, std::equal_to<>> exact_;
  Index numbered_, expert_entries_;     // by a number between dots, ".12."
  std::vector<std::size_t> elsewhere_;  // entries without one
  std::vector<Pattern> expressions_;
};

/// The names of a fused layer's parts: the last component replaced wherever it occurs, as vLLM does.
std::vector<std::string> shard_names(const LayerName& layer);

/// Whether `list` leaves the layer unquantised, in the way of the fp8 family.
///
///   errors  kRefused where only some parts of a fused layer are named
///   source  vllm/model_executor/layers/quantization/utils/quant_utils.py, is_layer_skipped
Result<bool> is_layer_skipped(const LayerName& layer, const NameList& list, vllm::Date as_of);

/// The same in the way of compressed-tensors and Quark.
///
///   source  vllm/model_executor/layers/quantization/compressed_tensors/utils.py, should_ignore_layer
Result<bool> should_ignore_layer(const LayerName& layer, const NameList& list, vllm::Date as_of);

/// A refusal in vLLM's words.
Error refused(std::string message);

}  // namespace vram::arch
