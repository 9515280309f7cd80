#include "arch/layer_names.h"

#include <algorithm>

namespace vram::arch {
namespace {

/// Calls `each` with every run of digits that stands between two dots.
template <class Each>
void each_number(std::string_view name, const Each& each) {
  for (std::size_t dot = name.find('.'); dot != std::string_view::npos;) {
    const std::size_t next = name.find('.', dot + 1);
    if (next == std::string_view::npos) return;
    const std::string_view between = name.substr(dot + 1, next - dot - 1);
    if (!between.empty() && between.find_first_not_of("0123456789") == std::string_view::npos) each(between);
    dot = next;
  }
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  while (true) {
    const std::size_t at = from.empty() ? std::string_view::npos : text.find(from);
    if (at == std::string_view::npos) return result.append(text);
    result.append(text.substr(0, at)).append(to);
    text.remove_prefix(at + from.size());
  }
}

bool is_plain(std::string_view name, NameList::Kind kind) {
  const bool expression = name.starts_with("re:"), wildcard = name.find_first_of("*?[") != std::string_view::npos;
  switch (kind) {
    case NameList::Kind::kExact:
      return true;
    case NameList::Kind::kSubstring:
    case NameList::Kind::kSuffix:
      return false;
    case NameList::Kind::kExpression:
      return !expression;
    case NameList::Kind::kWildcard:
      return !wildcard;
    case NameList::Kind::kWildcardOrRe:
      return !expression && !wildcard;
  }
  return true;
}

bool fits(std::string_view entry, std::string_view name, NameList::Kind kind) {
  switch (kind) {
    case NameList::Kind::kExact:
    case NameList::Kind::kExpression:
      return entry == name;
    case NameList::Kind::kSubstring:
      return name.find(entry) != std::string_view::npos;
    case NameList::Kind::kSuffix:
      return name.ends_with(entry) && (name.size() == entry.size() || name[name.size() - entry.size() - 1] == '.');
    case NameList::Kind::kWildcard:
    case NameList::Kind::kWildcardOrRe:
      return wildcard_match(entry, name);
  }
  return false;
}

std::string list_text(std::span<const std::string_view> names) {
  std::string text = "[";
  for (const std::string_view name : names) {
    if (text.size() > 1) text += ", ";
    text.append("'").append(name).append("'");
  }
  return text + ']';
}

enum class Experts { kAsOthers, kByEntriesThatContainThem };
constexpr vllm::Step<Experts> kExperts[] = {
    {{}, Experts::kAsOthers, "vllm v0.9.2 layers/quantization/utils/quant_utils.py is_layer_skipped; also v0.10.2"},
    {{2025, 9, 30}, Experts::kByEntriesThatContainThem, "~vllm v0.11.0 is_layer_skipped; not in v0.10.2"},
};
static_assert(vllm::well_formed(kExperts));

constexpr vllm::Step<bool> kFusedNameCounts[] = {
    {{}, false, "vllm v0.9.2 is_layer_skipped; also v0.23.0"},
    {{2026, 6, 23}, true, "~vllm v0.24.0 is_layer_skipped; not in v0.23.0"},
};
static_assert(vllm::well_formed(kFusedNameCounts));

enum class Fused {
  kOnlyExactEntries,  // an expression has to fit the parts
  kAnyEntry,
};
constexpr vllm::Step<Fused> kIgnoredByOwnName[] = {
    {{}, Fused::kOnlyExactEntries, "vllm v0.9.2 compressed_tensors/utils.py should_ignore_layer; also v0.29.0"},
    {{2026, 9, 14}, Fused::kAnyEntry, "~vllm v0.30.0 utils/config_utils.py find_matching_patterns; not in v0.29.0"},
};
static_assert(vllm::well_formed(kIgnoredByOwnName));

/// What all shards answer; nothing when they differ.
template <class Test>
std::optional<bool> unanimous(const LayerName& layer, const Test& test) {
  std::optional<bool> answer;
  for (const std::string& name : shard_names(layer)) {
    const bool one = test(name);
    if (answer && *answer != one) return std::nullopt;
    answer = one;
  }
  return answer;
}

}  // namespace

Error refused(std::string message) { return Error{ErrorCode::kRefused, "", std::move(message), ""}; }

std::string renamed(std::string name, std::span<const NameRule> rules) {
  for (const NameRule& rule : rules) {
    std::size_t at = std::string::npos;
    switch (rule.where) {
      case NameRule::Where::kSubstring:
        at = name.find(rule.from);
        break;
      case NameRule::Where::kPrefix:
        at = name.starts_with(rule.from) ? 0 : std::string::npos;
        break;
      case NameRule::Where::kSuffix:
        at = name.ends_with(rule.from) ? name.size() - rule.from.size() : std::string::npos;
        break;
    }
    if (at != std::string::npos) name.replace(at, rule.from.size(), rule.to);
  }
  return name;
}

NameList::NameList(std::vector<std::string> names, Kind kind) : kind_(kind), names_(std::move(names)) {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const std::string_view name = names_[i];
    if (name.find("experts") != std::string_view::npos)
      each_number(name, [&](std::string_view number) { expert_entries_[std::string(number)].push_back(i); });
    if (is_plain(name, kind)) {
      exact_.emplace(name);
      continue;
    }
    if (name.starts_with("re:") && (kind == Kind::kExpression || kind == Kind::kWildcardOrRe)) {
      if (auto pattern = Pattern::compile(name.substr(3))) expressions_.push_back(*std::move(pattern));
      continue;
    }
    std::string_view number;
    if (kind != Kind::kSuffix && name.find('[') == std::string_view::npos)
      each_number(name, [&](std::string_view found) { number = found; });
    if (number.empty())
      elsewhere_.push_back(i);
    else
      numbered_[std::string(number)].push_back(i);
  }
}

template <class Test>
bool NameList::any(std::string_view name, const Test& test) const {
  bool found = false;
  if (!numbered_.empty())
    each_number(name, [&](std::string_view number) {
      const auto entries = numbered_.find(number);
      if (!found && entries != numbered_.end())
        found = std::any_of(entries->second.begin(), entries->second.end(), test);
    });
  return found || std::any_of(elsewhere_.begin(), elsewhere_.end(), test);
}

bool NameList::matches(std::string_view name) const {
  if (names_.empty()) return false;
  if (exact_.contains(name)) return true;
  return any(name, [&](std::size_t entry) { return fits(names_[entry], name, kind_); }) ||
         std::any_of(expressions_.begin(), expressions_.end(),
                     [&](const Pattern& pattern) { return pattern.matches_start(name); });
}

bool NameList::within_expert_entry(std::string_view name) const {
  bool found = false, numbered = false;
  each_number(name, [&](std::string_view number) {
    numbered = true;
    const auto entries = expert_entries_.find(number);
    if (found || entries == expert_entries_.end()) return;
    found = std::any_of(entries->second.begin(), entries->second.end(),
                        [&](std::size_t i) { return names_[i].find(name) != std::string::npos; });
  });
  if (numbered) return found;
  return std::any_of(names_.begin(), names_.end(), [&](const std::string& entry) {
    return entry.find("experts") != std::string::npos && entry.find(name) != std::string::npos;
  });
}

std::vector<std::string> shard_names(const LayerName& layer) {
  std::vector<std::string> names;
  for (const std::string_view shard : layer.shards) names.push_back(replaced(layer.prefix, layer.last(), shard));
  return names;
}

Result<bool> is_layer_skipped(const LayerName& layer, const NameList& list, vllm::Date as_of) {
  if (list.empty()) return false;
  if (!layer.shards.empty()) {
    if (vllm::in_force(kFusedNameCounts, as_of) && list.matches(layer.prefix)) return true;
    const auto answer = unanimous(layer, [&](const std::string& name) { return list.matches(name); });
    if (answer) return *answer;
    return refused("Detected some but not all shards of " + std::string(layer.prefix) +
                   " are quantized. All shards of fused layers to have the same precision.");
  }
  const bool expert = layer.prefix.find("experts") != std::string_view::npos;
  if (expert && vllm::in_force(kExperts, as_of) == Experts::kByEntriesThatContainThem)
    return list.within_expert_entry(layer.prefix);
  return list.matches(layer.prefix);
}

Result<bool> should_ignore_layer(const LayerName& layer, const NameList& list, vllm::Date as_of) {
  if (list.empty()) return false;
  if (layer.shards.empty()) return list.matches(layer.prefix);
  const Fused fused = vllm::in_force(kIgnoredByOwnName, as_of);
  if (fused == Fused::kAnyEntry ? list.matches(layer.prefix) : list.contains(layer.prefix)) return true;
  const auto answer = unanimous(layer, [&](const std::string& name) { return list.matches(name); });
  if (answer) return *answer;
  const std::string name(layer.prefix);
  if (fused == Fused::kAnyEntry)
    return refused("Found different quantization schemes for the shards of " + name +
                   ". vLLM requires all to use the same scheme.");
  return refused("Found a different quantization schemes for " + list_text(layer.shards) + " in " + name +
                 ". vLLM requires all to use the same scheme.");
}

}  // namespace vram::arch
