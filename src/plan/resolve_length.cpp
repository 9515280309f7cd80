// max_model_len: what the config's position limits and its RoPE scaling allow, and vLLM's refusal of more.
//
// source  vllm v0.33.0 vllm/config/model.py, _get_and_verify_max_len
#include <algorithm>
#include <cmath>

#include "plan/launch.h"
#include "units/text.h"

namespace vram::plan {
namespace {

constexpr std::string_view kLengthKeys[] = {
    "max_position_embeddings", "n_positions",         "max_seq_len",    "seq_length", "model_max_length",
    "max_target_positions",    "max_sequence_length", "max_seq_length", "seq_len"};
constexpr double kNoLimit = HUGE_VAL;

struct Derived {
  double length = kNoLimit;
  std::string_view key = "None";
  bool whole = true;  // Python holds an int
};

/// How far apart releases are about RoPE.
struct RopeRules {
  bool many;            // one set of parameters a kind of layer, and plain RoPE counts as a set
  bool yarn_is_scaled;  // max_position_embeddings of a YaRN config already holds the factor
  bool longrope_stays;  // the default length of LongRoPE is what the model was first trained for
  bool prints_float;    // the derived length is a float in messages
};
constexpr vllm::Step<RopeRules> kRope[] = {
    {{}, {false, false, false, false}, "vllm v0.10.2 vllm/config/__init__.py, _get_and_verify_max_len"},
    {{2025, 11, 20}, {true, false, true, true}, "~vllm v0.14.1 vllm/config/model.py, _get_and_verify_max_len"},
    {{2026, 10, 1}, {true, true, true, true}, "~vllm v0.33.0 vllm/config/model.py, _get_and_verify_max_len"},
};
static_assert(vllm::well_formed(kRope));

constexpr vllm::Step<bool> kWarnsOfNan[] = {
    {{}, false, "vllm v0.9.2 vllm/config.py, _get_and_verify_max_len"},
    {{2025, 8, 1}, true, "~vllm v0.10.2 vllm/config/__init__.py, _get_and_verify_max_len"},
};
static_assert(vllm::well_formed(kWarnsOfNan));

/// A window of 0 counts as none from then on.
constexpr vllm::Step<bool> kZeroWindowIsNone[] = {
    {{}, false, "vllm v0.14.1 vllm/config/model.py"},
    {{2026, 3, 1}, true, "~vllm v0.19.0 vllm/config/model.py"},
};
static_assert(vllm::well_formed(kZeroWindowIsNone));

Derived derived_length(const HfConfig& text) {
  Derived derived;
  for (const std::string_view key : kLengthKeys) {
    const auto length = text.number(key);
    if (!length || *length >= derived.length) continue;
    derived.length = *length;
    derived.key = key;
  }
  if (const auto length = text.number("model_max_length"); length && *length != 0) {  // Command R
    derived.length = *length;
    derived.key = "model_max_length";
  }
  return derived;
}

/// MossAudio keeps its language model under another name.
std::optional<Derived> nested_length(const Launch& launch) {
  if (launch.root().model_type() != "moss_audio") return std::nullopt;
  const json::Value* language = launch.source().config.find("language_config");
  const auto length = language ? HfConfig(*language).number("max_position_embeddings") : std::nullopt;
  if (!length) return std::nullopt;
  return Derived{*length, "language_config.max_position_embeddings", true};
}

std::string rope_type(const json::Value& parameters) {
  for (const char* name : {"rope_type", "type"})
    if (const json::Value* type = parameters.find(name); type && type->string())
      return *type->string() == "su" ? "longrope" : *type->string() == "mrope" ? "default" : *type->string();
  return "default";
}

/// The sets of RoPE parameters, one a kind of layer where the config has several.
std::vector<const json::Value*> rope_parameters(const HfConfig& text, const RopeRules& rules) {
  const json::Value* rope = text.find("rope_scaling");
  if (!rope) rope = rules.many ? text.find("rope_parameters") : nullptr;
  if (!rope || !rope->object()) return {};
  std::vector<const json::Value*> sets;
  for (const auto& [kind, set] : rope->object()->members())
    if (set.object()) sets.push_back(&set);
  if (sets.empty() || !rules.many) return {rope};
  return sets;
}

/// The factor by which RoPE scaling lengthens the context, and from where.
void scale(Derived& derived, const HfConfig& text, const RopeRules& rules) {
  if (text.model_type().find("gemma3") != std::string::npos) return;
  double factor = 1;
  for (const json::Value* set : rope_parameters(text, rules)) {
    std::string type = rope_type(*set);
    if (type == "deepseek_yarn" && text.model_type() == "sarvam_mla") type = "yarn";  // transformers' SarvamMLAConfig
    const bool yarn = type == "yarn" || type == "deepseek_yarn" || type == "deepseek_llama_scaling";
    if (type == "longrope" || type == "llama3" || (yarn && rules.yarn_is_scaled)) continue;
    if (const json::Value* given = set->find("factor")) {
      factor = given->number().value_or(1);
      derived.whole = derived.whole && given->integer();
    }
    if (type == "yarn")
      if (const json::Value* original = set->find("original_max_position_embeddings"))
        derived.length = original->number().value_or(derived.length);
  }
  derived.length *= factor;
}

std::optional<std::int64_t> sliding_window(const HfConfig& text, vllm::Date day) {
  if (text.find("use_sliding_window") && !text.truthy("use_sliding_window")) return std::nullopt;
  const auto window = text.whole("sliding_window");
  if (window == 0 && vllm::in_force(kZeroWindowIsNone, day)) return std::nullopt;
  return window;
}

Error too_long(std::int64_t asked, const LengthRule& rule) {
  const auto maximum = rule.model_max_length;
  const bool as_float = rule.prints_float || !rule.whole;
  std::string words =
      "User-specified max_model_len (" + std::to_string(asked) + ") is greater than the derived max_model_len (" +
      rule.key + "=" + (as_float ? python_float(rule.longest) : std::to_string(std::int64_t(rule.longest))) +
      " or model_max_length=" + (maximum ? std::to_string(*maximum) : "None") + " in model's config.json).";
  if (!rule.warns_of_nan) words += " This may lead to incorrect model outputs or CUDA errors.";
  words += " To allow overriding this maximum, set the env var VLLM_ALLOW_LONG_MAX_MODEL_LEN=1";
  if (rule.warns_of_nan)
    words +=
        ". VLLM_ALLOW_LONG_MAX_MODEL_LEN must be used with extreme caution. If the model uses relative position "
        "encoding (RoPE), positions exceeding derived_max_model_len lead to nan. If the model uses absolute position "
        "encoding, positions exceeding derived_max_model_len will cause a CUDA array out-of-bounds error.";
  return refused(std::move(words));
}

/// What vLLM takes when nobody says.
std::int64_t default_length(const Derived& derived, const HfConfig& text, const RopeRules& rules) {
  if (rules.longrope_stays)
    for (const json::Value* set : rope_parameters(text, rules))
      if (rope_type(*set) == "longrope")
        return std::int64_t(text.number("original_max_position_embeddings").value_or(derived.length));
  return std::int64_t(derived.length);
}

constexpr std::int64_t kUnknownLength = 2048;
/// source  vllm v0.33.0 vllm/model_executor/models/config.py, EmbeddingGemma2
constexpr std::int64_t kEmbeddingGemma2 = 8192;

LengthRule length_rule(const Launch& launch) {
  const HfConfig& text = launch.text();
  const RopeRules& rules = vllm::in_force(kRope, launch.day);
  Derived derived = nested_length(launch).value_or(derived_length(text));
  const auto window = sliding_window(text, launch.day);
  if (launch.plan.build.disable_sliding_window && window && double(*window) < derived.length)
    derived = {double(*window), "sliding_window", true};
  LengthRule rule;
  rule.unlimited = derived.length == kNoLimit;
  if (rule.unlimited) derived.length = double(kUnknownLength);
  scale(derived, text, rules);
  rule.longest = derived.length;
  rule.key = derived.key;
  rule.whole = derived.whole;
  rule.unsaid = rule.fitted = default_length(derived, text, rules);
  if (launch.is_architecture({"EmbeddingGemma2Model"})) rule.unsaid = std::min(rule.unsaid, kEmbeddingGemma2);
  rule.model_max_length = text.whole("model_max_length");
  rule.allows_longer = launch.around.set("VLLM_ALLOW_LONG_MAX_MODEL_LEN");
  rule.prints_float = rules.prints_float;
  rule.warns_of_nan = vllm::in_force(kWarnsOfNan, launch.day);
  return rule;
}

}  // namespace

Stop LengthRule::apply(std::optional<std::int64_t> asked, memory::KvSettings& kv) const {
  if (asked && *asked != -1 && *asked < 1)
    return Error{ErrorCode::kBadInput, "\"max_model_len\"",
                 "expected a positive number of tokens or -1, found " + std::to_string(*asked), ""};
  kv.fit_max_model_len = asked == -1;
  if (!asked || *asked == -1) {
    kv.max_model_len = Tokens(asked ? fitted : unsaid);
    return std::nullopt;
  }
  const bool within = unlimited || double(*asked) <= longest || (model_max_length && *asked <= *model_max_length);
  if (!within && !allows_longer) return too_long(*asked, *this);
  kv.max_model_len = Tokens(*asked);
  return std::nullopt;
}

Stop choose_length(Launch& launch) {
  launch.schedule.length = length_rule(launch);
  return launch.schedule.length.apply(launch.open ? std::nullopt : launch.asked_sizes().max_model_len, launch.plan.kv);
}

}  // namespace vram::plan
