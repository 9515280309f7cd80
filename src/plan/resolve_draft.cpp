// speculative_config: what drafts, how far ahead, and from which config.
//
// source  vllm v0.33.0 vllm/config/speculative.py, SpeculativeConfig.__post_init__
#include <algorithm>

#include "arch/draft.h"
#include "plan/launch.h"
#include "units/text.h"

namespace vram::plan {
namespace {

std::string number(std::int64_t n) { return std::to_string(n); }

bool needs_no_model(std::string_view method) {
  constexpr std::string_view kMethods[] = {"ngram", "ngram_gpu", "suffix", "extract_hidden_states", "custom_class"};
  return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

/// The settings of speculative_config, or of the spec_* arguments that say the same (from 0.25).
json::Value settings_of(const Launch& launch) {
  json::Object settings;
  if (const json::Value* given = launch.given.find("speculative_config"); given && given->object())
    settings = *given->object();
  const std::pair<std::string_view, const char*> kShort[] = {
      {"spec_method", "method"}, {"spec_model", "model"}, {"spec_tokens", "num_speculative_tokens"}};
  for (const auto& [argument, name] : kShort)
    if (const json::Value* value = launch.given.find(argument)) settings.set(name, *value);
  return json::Value(std::move(settings));
}

/// "deepseek_mtp", "qwen3_next_mtp", …: older names of one method.
bool predicts_tokens(std::string_view method) { return method == "mtp" || method.ends_with("_mtp"); }

std::string method_of(const HfConfig& settings) {
  std::string method = settings.text("method");
  const std::string model = settings.text("model");
  if (method.empty()) method = model == "ngram" || model == "[ngram]" ? "ngram" : "draft_model";
  if (method == "[ngram]") method = "ngram";
  return predicts_tokens(method) ? "mtp" : method;
}

/// What the draft's name and config say of how it drafts, where the arguments do not.
std::string method_of_draft(const std::string& asked, const ModelSource& draft, const std::string& name) {
  for (const std::string_view known : {"eagle", "eagle3", "dflash", "dspark"})
    if (asked == known) return asked;
  const std::string model = lower(name);
  const auto has = [&](std::string_view word) { return model.find(word) != std::string::npos; };
  if (has("eagle-")) return "eagle";
  if (has("eagle3")) return "eagle3";
  if (has("dflash") || draft.architecture == "MuseGlimmerAssistantModel") return "dflash";
  if (has("dspark") || draft.architecture.ends_with("DSparkModel")) return "dspark";
  return asked;
}

Result<ModelSource> find_draft(const Launch& launch, const std::string& name) {
  auto found = launch.around.find_model ? launch.around.find_model(name) : std::nullopt;
  if (found) return *std::move(found);
  return Error{ErrorCode::kNotFound, "\"speculative_config.model\"", "there is no config.json for " + name,
               "give the draft's config next to the model's"};
}

/// The draft's vocabulary must be the target's when its tokens are judged one by one.
Stop check_vocabulary(const Launch& launch, const ModelSource& draft, const HfConfig& settings) {
  if (settings.truthy("use_heterogeneous_vocab")) return std::nullopt;
  const auto own = text_config(draft, launch.day).whole("vocab_size"), target = launch.text().whole("vocab_size");
  if (!own || !target || *own == *target) return std::nullopt;
  return refused(
      "Target and draft model should have the same vocabulary size. Target model vocab_size=" + number(*target) +
      ". Draft model vocab_size=" + number(*own) +
      ". Using models with different tokenizers can cause out-of-bounds errors during speculative decoding.");
}

/// How many tokens are drafted: as asked, or as many as the draft has modules.
Result<std::int64_t> token_count(const HfConfig& settings, std::optional<std::int64_t> predicts) {
  const auto asked = settings.whole("num_speculative_tokens");
  if (!asked && predicts) return *predicts;
  if (!asked) return refused("A speculative model was provided, but `num_speculative_tokens` was not provided");
  if (*asked <= 0) return refused("Expected num_speculative_tokens to be greater than zero (" + number(*asked) + ").");
  if (predicts && *predicts > 0 && *asked > *predicts && *asked % *predicts != 0)
    return refused("num_speculative_tokens:" + number(*asked) + " must be divisible by n_predict=" + number(*predicts));
  return *asked;
}

/// How many tokens the modules of `draft` predict; nothing for a draft that is a model of its own.
///
///   source  vllm v0.33.0 vllm/config/speculative.py, hf_config_override: n_predict
std::optional<std::int64_t> predicted_tokens(const ModelSource& draft, vllm::Date day) {
  const HfConfig root(draft.config), text = text_config(draft, day);
  if (draft.architecture.starts_with("MiMoV2") || root.model_type().ends_with("_assistant")) return 1;
  const json::Value* modules = draft.config.find("mtp_config");
  if (modules && modules->object()) return HfConfig(*modules).whole("num_nextn_predict_layers");
  for (const char* name : {"num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules"})
    for (const HfConfig* config : {&root, &text})
      if (const auto count = config->whole(name)) return count;
  return std::nullopt;
}

struct Draft {
  std::string method;
  std::optional<ModelSource> source;  // nothing: the target's, or no model at all
  std::optional<std::int64_t> predicts;
};

Result<Draft> find(const Launch& launch, const HfConfig& settings) {
  Draft draft{method_of(settings), std::nullopt, std::nullopt};
  const std::string name = settings.text("model");
  if (needs_no_model(draft.method)) return draft;
  if (name.empty() && draft.method != "mtp" && draft.method != "dspark")
    return refused("num_speculative_tokens was provided but without speculative model.");
  if (!name.empty()) {
    auto found = find_draft(launch, name);
    if (!found) return found.error();
    draft.source = *std::move(found);
    draft.method = method_of_draft(draft.method, *draft.source, name);
  }
  const ModelSource& config = draft.source ? *draft.source : launch.original;
  if (draft.method == "draft_model" && arch::mtp_architecture(config)) draft.method = "mtp";
  if (draft.method == "mtp") draft.predicts = predicted_tokens(config, launch.day);
  return draft;
}

/// From then on a draft that no method takes is refused before it is built.
constexpr vllm::Step<bool> kRefusesMethods[] = {
    {{}, false, "vllm v0.14.1 vllm/config/speculative.py"},
    {{2026, 3, 30}, true, "~vllm v0.19.0 vllm/config/speculative.py, __post_init__"},
};
static_assert(vllm::well_formed(kRefusesMethods));

/// A draft is split into stages as its target is, or not at all.
Stop check_class(const Launch& launch, const Draft& draft) {
  const ModelSource& config = draft.source ? *draft.source : launch.original;
  std::string_view architecture = config.architecture;
  if (draft.method == "mtp") {
    const auto predictor = arch::mtp_architecture(config);
    if (!predictor && vllm::in_force(kRefusesMethods, launch.day))
      return refused("Unsupported speculative method: 'mtp'");
    architecture = predictor.value_or("");
  } else if (draft.method != "draft_model") {
    return std::nullopt;
  }
  const vllm::ArchitectureFacts* facts = vllm::architecture_facts(architecture, launch.day);
  if (launch.plan.parallel.pipeline > 1 && facts && !facts->has(vllm::kPipeline)) return no_pipeline();
  return std::nullopt;
}

Stop check_size(const Launch& launch, const HfConfig& settings, const ModelSource& draft) {
  const std::int64_t target = launch.plan.parallel.tensor;
  const std::int64_t tensor = settings.whole("draft_tensor_parallel_size").value_or(target);
  if (tensor != 1 && tensor != target)
    return refused("speculative_draft_tensor_parallel_size=" + number(tensor) +
                   " cannot be other value than 1 or target model tensor_parallel_size");
  const std::int64_t heads = text_config(draft, launch.day).whole("num_attention_heads").value_or(0);
  if (heads % tensor != 0)
    return refused("Total number of attention heads (" + number(heads) +
                   ") must be divisible by tensor parallel size (" + number(tensor) + ").");
  return std::nullopt;
}

}  // namespace

Stop choose_draft(Launch& launch) {
  const json::Value value = settings_of(launch);
  const HfConfig settings(value);
  if (value.object()->members().empty()) return std::nullopt;
  auto draft = find(launch, settings);
  if (!draft) return draft.error();
  const auto tokens = token_count(settings, draft->predicts);
  if (!tokens) return tokens.error();
  if (Stop stop = check_class(launch, *draft)) return stop;
  memory::KvSettings& kv = launch.plan.kv;
  kv.speculative_method = draft->method;
  kv.speculative_tokens = *tokens;
  kv.mtp_modules = draft->predicts.value_or(1);
  DraftSource result{draft->method, nullptr};
  if (draft->source) {
    if (draft->method == "draft_model")
      if (Stop stop = check_vocabulary(launch, *draft->source, settings)) return stop;
    if (Stop stop = check_size(launch, settings, *draft->source)) return stop;
    result.source = std::make_shared<const ModelSource>(*std::move(draft->source));
  }
  launch.plan.draft = std::move(result);
  return std::nullopt;
}

}  // namespace vram::plan
