// What is served: the config with its overrides, the model class behind its name, what the class is run as.
#include <algorithm>

#include "arch/families/glm4v.h"
#include "plan/launch.h"

namespace vram::plan {
namespace {

/// Whether transformers keeps that member as a config of its own: an override reaches into it instead of replacing it.
bool is_part(std::string_view name, const json::Value& value) {
  constexpr std::string_view kPlain[] = {"quantization_config", "compression_config", "generation_config"};
  return value.object() && (name.ends_with("_config") || name == "decoder" || name == "encoder") &&
         std::find(std::begin(kPlain), std::end(kPlain), name) == std::end(kPlain);
}

/// source  vllm/config/model.py, _apply_dict_overrides, _update_nested; transformers, PreTrainedConfig.update
void override_fields(json::Value& config, const json::Object& overrides) {
  json::Object* object = config.object();
  for (const auto& [name, value] : overrides.members()) {
    const json::Value* old = object->find(name);
    if (old && value.object() && is_part(name, *old)) {
      json::Value part = *old;
      override_fields(part, *value.object());
      object->set(name, std::move(part));
      continue;
    }
    std::string key(HfConfig(config).own_name(name));
    if (name == "rope_scaling" || name == "rope_parameters") {
      // One field under two names: transformers 5 calls it rope_parameters.
      object->erase("rope_scaling");
      object->erase("rope_parameters");
      key = name;
    }
    object->set(std::move(key), value);
  }
}

/// Configs whose class vLLM changes by what else they hold.
///
///   source  vllm v0.33.0 vllm/transformers_utils/model_arch_config_convertor.py, MimoV2…, DeepseekV4…
std::optional<std::string> rewritten_architecture(const ModelSource& source, vllm::Date day) {
  const HfConfig root(source.config);
  const std::string& type = root.model_type();
  if (type.starts_with("mimo_v2") && root.truthy("vision_config") &&
      vllm::architecture_facts("MiMoV2OmniForCausalLM", day))
    return "MiMoV2OmniForCausalLM";
  if (type == "deepseek_v4" && source.architecture == "DeepseekV4ForCausalLM" &&
      root.whole("vision_n_layers").value_or(0) > 0 &&
      vllm::architecture_facts("DeepseekV4ForConditionalGeneration", day))
    return "DeepseekV4ForConditionalGeneration";
  return std::nullopt;
}

/// From then on `--convert` alone makes a model a pooling model.
constexpr vllm::Step<bool> kConvertDecides[] = {
    {{}, false, "vllm v0.19.0 vllm/config/model.py, _get_runner_type"},
    {{2026, 6, 1}, true, "~vllm v0.25.1 vllm/config/model.py, _get_runner_type"},
};
static_assert(vllm::well_formed(kConvertDecides));

constexpr vllm::Step<bool> kNamesEmbeddingModels[] = {
    {{}, false, "vllm v0.19.0 vllm/config/model.py"},
    {{2026, 6, 1}, true, "~vllm v0.25.1 vllm/config/model.py"},
};
static_assert(vllm::well_formed(kNamesEmbeddingModels));

std::string default_runner(const Launch& launch, bool registered) {
  if (registered && launch.facts->has(vllm::kPools)) return "pooling";
  if (registered && launch.facts->has(vllm::kGenerates)) return "generate";
  return std::string(vllm::runner_of_suffix(launch.source().architecture).value_or("generate"));
}

std::string default_convert(const Launch& launch, bool registered) {
  const bool pooling = launch.pooling();
  if (registered && launch.has(pooling ? vllm::kPools : vllm::kGenerates)) return "none";
  if (!pooling) return "none";
  const std::string& name = launch.source().architecture;
  return name.ends_with("Classification") || name.ends_with("ClassificationModel") ? "classify" : "embed";
}

}  // namespace

Stop apply_overrides(Launch& launch) {
  json::Object overrides;
  if (const json::Value* given = launch.given.find("hf_overrides")) {
    if (!given->object())
      return Error{ErrorCode::kBadInput, "\"hf_overrides\"", "expected an object, found " + json::describe(*given),
                   "give the config's fields by name"};
    overrides = *given->object();
  }
  for (const std::string_view name : {"rope_scaling", "rope_theta"})  // arguments of their own up to 0.10
    if (const json::Value* given = launch.given.find(name)) overrides.set(std::string(name), *given);
  if (!overrides.members().empty()) {
    ModelSource& source = launch.changed.emplace(launch.original);
    override_fields(source.config, overrides);
    auto rebuilt = model_source(source.config, source.name, source.place);
    if (!rebuilt) return rebuilt.error();
    source.architecture = rebuilt->architecture;
    source.fingerprint = rebuilt->fingerprint;
  }
  if (auto architecture = rewritten_architecture(launch.source(), launch.day)) {
    if (!launch.changed) launch.changed = launch.original;
    launch.changed->architecture = *std::move(architecture);
  }
  if (auto read = arch::families::as_glm4v(launch.source(), launch.day)) launch.changed = *std::move(read);
  launch.read_configs();
  return std::nullopt;
}

Stop choose_runner(Launch& launch) {
  const std::string& name = launch.source().architecture;
  launch.facts = vllm::base_architecture(name, launch.day);
  if (!launch.facts) {
    if (auto sentence = vllm::removed_architecture(name, launch.day)) return refused(*std::move(sentence));
    if (vllm::known_architecture(name))
      return refused("Model architectures ['" + name + "'] are not supported for now.");
  }
  const bool registered = launch.facts && launch.facts->name == name;
  Deployment& plan = launch.plan;
  const std::string runner = launch.given.text_or("runner", "auto"), convert = launch.given.text_or("convert", "auto");
  const std::string task = launch.given.text_or("task", "auto");  // up to 0.10
  if (runner != "auto")
    plan.runner = runner;
  else if (convert != "auto" && convert != "none" && vllm::in_force(kConvertDecides, launch.day))
    plan.runner = "pooling";
  else if (task != "auto")
    plan.runner = task == "generate" || task == "transcription" ? "generate" : "pooling";
  else
    plan.runner = default_runner(launch, registered);
  plan.convert = convert != "auto" ? convert : default_convert(launch, registered);

  const bool generates = !launch.facts || launch.has(vllm::kGenerates), pools = launch.has(vllm::kPools);
  if (pools && !generates && !launch.pooling() && vllm::in_force(kNamesEmbeddingModels, launch.day))
    return refused("Embedding models do not support `--runner " + plan.runner +
                   "`. Use `--runner pooling` or `--runner auto` for embedding models.");
  if (!launch.pooling() && !generates) return refused("This model does not support `--runner generate`.");
  if (launch.pooling() && !pools && plan.convert == "none")
    return refused(
        "This model does not support `--runner pooling`. You can pass `--convert <embed|classify> to adapt it into a "
        "pooling model.");
  plan.build.as_of = launch.day;
  plan.build.capability = launch.capability;
  plan.build.quantization = launch.text("quantization");
  plan.build.pooling = launch.pooling();
  // A class that is made for pooling stays what it is.
  if (launch.pooling() && !(registered && pools)) plan.build.classify = plan.convert == "classify";
  plan.build.disable_sliding_window = launch.given.flag_or("disable_sliding_window", false);
  return std::nullopt;
}

}  // namespace vram::plan
