#include "arch/pooling.h"

#include <algorithm>

#include "arch/families.h"

namespace vram::arch {
namespace {

constexpr vllm::Step<bool> kHeadsInFloat32[] = {
    {{}, false, "vllm v0.10.1 vllm/model_executor/models/roberta.py, bert.py"},
    {{2025, 8, 17}, true, "~ vllm v0.10.2 vllm/config/__init__.py, ModelConfig.head_dtype"},
};

enum class Score { kDividedInModelDtype, kDivided, kWhole };
constexpr vllm::Step<Score> kScore[] = {
    {{}, Score::kDividedInModelDtype, "vllm v0.9.2 vllm/model_executor/models/adapters.py, RowParallelLinear"},
    {{2025, 7, 23}, Score::kDivided, "~ vllm v0.10.1 vllm/model_executor/models/adapters.py, params_dtype"},
    {{2025, 8, 17}, Score::kWhole, "~ vllm v0.10.2 vllm/model_executor/models/adapters.py, ReplicatedLinear"},
};
enum class Labels { kWhole, kText, kWholeIfSaid };
constexpr vllm::Step<Labels> kLabels[] = {
    {{}, Labels::kWhole, "vllm v0.10.2 vllm/model_executor/models/adapters.py, hf_config.num_labels"},
    {{2025, 10, 1}, Labels::kText, "~vllm v0.14.1 vllm/model_executor/models/adapters.py, text_config.num_labels"},
    {{2026, 7, 20}, Labels::kWholeIfSaid, "~vllm v0.28.0 vllm/model_executor/models/adapters.py, _resolve_num_labels"},
};
static_assert(vllm::well_formed(kHeadsInFloat32) && vllm::well_formed(kScore) && vllm::well_formed(kLabels));

/// Whether a head made of a generator's output rows is quantised as its model is.
constexpr vllm::Step<bool> kMadeHeadQuantised[] = {
    {{}, true, "vllm v0.10.2 vllm/model_executor/models/adapters.py, _init_pooler"},
    {{2026, 3, 16}, false, "~ absent in v0.17.0, in v0.18.0 vllm/model_executor/models/adapters.py"},
};
static_assert(vllm::well_formed(kMadeHeadQuantised));

struct Suffix {
  std::string_view text;
  bool generates = false, classifies = false;
};

/// In vLLM's order of trial.
constexpr Suffix kSuffixes[] = {
    {"ForCausalLM", true},
    {"ForConditionalGeneration", true},
    {"ChatModel", true},
    {"LMHeadModel", true},
    {"ForTextEncoding"},
    {"EmbeddingModel"},
    {"ForSequenceClassification", false, true},
    {"ForTokenClassification", false, true},
    {"ForAudioClassification", false, true},
    {"ForImageClassification", false, true},
    {"ForVideoClassification", false, true},
    {"ClassificationModel", false, true},
    {"ForRewardModeling"},
    {"RewardModel"},
    {"Model"},
};

bool known(std::string_view architecture) {
  for (const families::Entry* family : families::all())
    if (std::find(family->architectures.begin(), family->architectures.end(), architecture) !=
        family->architectures.end())
      return true;
  return false;
}

/// The whole model's member, else the language model's; nothing where it is null.
const json::Value* find_either(const Builder& builder, std::string_view name) {
  const json::Value* found = builder.config().find(name);
  if (!found) found = builder.text().find(name);
  return found && !found->is_null() ? found : nullptr;
}

/// Labels of a model that scores by the probability of given tokens.
std::optional<std::int64_t> labels_from_tokens(const Builder& builder) {
  const json::Value* method = find_either(builder, "method");
  const json::Value* tokens = find_either(builder, "classifier_from_token");
  if (!method || !tokens || !tokens->array()) return std::nullopt;
  if (method->string() && *method->string() == "from_2_way_softmax") return 1;
  return std::int64_t(tokens->array()->size());
}

std::int64_t score_labels(const Builder& builder) {
  if (const auto tokens = labels_from_tokens(builder)) return *tokens;
  const Labels labels = vllm::in_force(kLabels, builder.options().as_of);
  const std::int64_t whole = num_labels(builder.config());
  constexpr std::int64_t kUnsaid = 2;
  if (labels == Labels::kWhole || (labels == Labels::kWholeIfSaid && whole != kUnsaid)) return whole;
  return num_labels(builder.text());
}

}  // namespace

std::int64_t num_labels(const json::Fields& config) {
  if (const json::Value* names = config.find("id2label"); names && names->object())
    return std::max<std::int64_t>(std::int64_t(names->object()->members().size()), 1);
  return config.count_or("num_labels", 2, 1);
}

Dtype head_dtype(const Builder& builder) {
  if (!vllm::in_force(kHeadsInFloat32, builder.options().as_of)) return builder.dtype();
  const std::string given = builder.config().text_or("head_dtype", "");
  if (given == "model") return builder.dtype();
  return read_dtype(given).value_or(Dtype::kFloat32);
}

void head_linear(Block& block, const std::string& name, std::int64_t input, std::int64_t output, bool bias,
                 Dtype dtype) {
  block.tensor(name + ".weight", {output, input}, dtype);
  if (bias) block.tensor(name + ".bias", {output}, dtype);
}

std::optional<Converted> converted(std::string_view architecture) {
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.generates || !architecture.ends_with(suffix.text)) continue;
    const std::string stem(architecture.substr(0, architecture.size() - suffix.text.size()));
    for (const Suffix& other : kSuffixes)
      if (const std::string name = stem + std::string(other.text); known(name))
        return Converted{name, suffix.classifies};
    return std::nullopt;
  }
  return std::nullopt;
}

void add_score_head(Builder& builder) {
  const std::int64_t hidden = builder.model.hidden;
  const bool made = find_either(builder, "method") || find_either(builder, "classifier_from_token");
  const std::int64_t labels = score_labels(builder);
  const Score score = vllm::in_force(kScore, builder.options().as_of);
  const Dtype dtype = score == Score::kDividedInModelDtype ? builder.dtype()
                      : score == Score::kDivided           ? Dtype::kFloat32
                                                           : head_dtype(builder);
  // Which layers of an AWQ checkpoint are quantised vLLM reads from its headers, and none stores this one so.
  const bool quantised = builder.quantisation().method().find("awq") == std::string::npos &&
                         (!made || vllm::in_force(kMadeHeadQuantised, builder.options().as_of));
  Block block = builder.block("");
  if (score == Score::kWhole)
    block.replicated("score", hidden, {labels}, {.quantised = quantised, .dtype = dtype});
  else
    block.row("score", hidden, labels, {.quantised = quantised, .dtype = dtype});
  builder.add_part("score", Part::Place::kEveryStage, std::move(block));
}

}  // namespace vram::arch
