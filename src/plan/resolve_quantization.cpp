// quantization: the name vLLM ends up with after each of its methods had the chance to claim the checkpoint.
//
// source  vllm v0.33.0 vllm/config/model.py, _verify_quantization; override_quantization_method of the methods
#include <algorithm>

#include "arch/quantisation.h"
#include "plan/launch.h"
#include "units/text.h"
#include "vllm/quantization_methods.h"

namespace vram::plan {
namespace {

/// From then on one class serves all GPTQ kernels, and one all of AWQ's.
constexpr vllm::Step<bool> kOneClass[] = {
    {{}, false, "vllm v0.19.0 vllm/model_executor/layers/quantization/gptq_marlin.py"},
    {{2026, 6, 1}, true, "~vllm v0.25.1 vllm/model_executor/layers/quantization/auto_gptq.py"},
};
static_assert(vllm::well_formed(kOneClass));

/// Marlin's kernels take GPUs from here on.
constexpr vllm::Step<int> kMarlinCapability[] = {
    {{}, 80, "vllm v0.10.2 vllm/model_executor/layers/quantization/utils/marlin_utils.py"},
    {{2025, 12, 1}, 75, "~vllm v0.14.1 vllm/model_executor/layers/quantization/utils/marlin_utils.py"},
};
static_assert(vllm::well_formed(kMarlinCapability));

constexpr vllm::Step<bool> kAutoRoundIsInc[] = {
    {{}, false, "vllm v0.14.1 vllm/model_executor/layers/quantization/auto_round.py"},
    {{2026, 2, 1}, true, "~vllm v0.19.0 vllm/model_executor/layers/quantization/inc.py"},
};
static_assert(vllm::well_formed(kAutoRoundIsInc));

constexpr vllm::Step<bool> kClaimsModelOpt[] = {
    {{}, false, "vllm v0.9.2 vllm/model_executor/layers/quantization/modelopt.py"},
    {{2025, 8, 1}, true, "~vllm v0.10.2 vllm/model_executor/layers/quantization/modelopt.py"},
};
static_assert(vllm::well_formed(kClaimsModelOpt));

/// From then on configs that ModelOpt wrote in its own form name their method by algorithm.
constexpr vllm::Step<bool> kReadsProducer[] = {
    {{}, false, "vllm v0.9.2 vllm/config.py, _parse_quant_hf_config"},
    {{2025, 10, 1}, true, "~vllm v0.14.1 vllm/transformers_utils/model_arch_config_convertor.py"},
};
static_assert(vllm::well_formed(kReadsProducer));

constexpr vllm::Step<bool> kRefusesActOrder[] = {
    {{}, false, "vllm v0.28.0 vllm/model_executor/layers/quantization/auto_gptq.py"},
    {{2026, 10, 1}, true, "~vllm v0.33.0 vllm/model_executor/layers/quantization/utils/gptq_utils.py"},
};
static_assert(vllm::well_formed(kRefusesActOrder));

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// ModelOpt's algorithm in capitals, wherever its release keeps it.
std::string modelopt_algorithm(const HfConfig& config) {
  const json::Value* inner = config.find("quantization");
  std::string algorithm = inner && inner->object() ? HfConfig(*inner).text("quant_algo") : config.text("quant_algo");
  for (char& letter : algorithm)
    if (letter >= 'a' && letter <= 'z') letter = char(letter - 'a' + 'A');
  return algorithm;
}

/// quant_method as vLLM spells it; of a config in ModelOpt's own form, after the algorithm.
std::string method_of(const HfConfig& config, vllm::Date day) {
  std::string method = lower(config.text("quant_method"));
  if (method == "compressed_tensors") return "compressed-tensors";
  const json::Value *producer = config.find("producer"), *inner = config.find("quantization");
  const bool modelopt = (producer && producer->object() && HfConfig(*producer).text("name") == "modelopt") ||
                        (inner && inner->find("modelopt_quant_config"));
  if (modelopt && vllm::in_force(kReadsProducer, day)) {
    const std::string algorithm = inner && inner->object() ? modelopt_algorithm(config) : "";
    if (algorithm.starts_with("FP8")) return "modelopt";
    if (algorithm == "NVFP4") return "modelopt_fp4";
    if (algorithm == "MIXED_PRECISION") return "modelopt_mixed";
  }
  return method;
}

bool marlin_takes(const HfConfig& config, const Launch& launch) {
  const auto group = config.whole("group_size");
  constexpr std::int64_t kGroups[] = {-1, 32, 64, 128};
  return launch.plan.gpu.vendor == hardware::Vendor::kNvidia &&
         launch.capability >= vllm::in_force(kMarlinCapability, launch.day) && group &&
         std::find(std::begin(kGroups), std::end(kGroups), *group) != std::end(kGroups);
}

std::string claim_gptq(const HfConfig& config, const std::string& asked, const Launch& launch) {
  if (vllm::in_force(kOneClass, launch.day))
    return one_of(asked, {"", "gptq", "gptq_marlin", "auto_gptq", "marlin"}) ? "auto_gptq" : "";
  const auto bits = config.whole("bits");
  const bool marlin =
      (bits == 4 || bits == 8) && config.truthy("sym") && config.find("desc_act") && marlin_takes(config, launch);
  return marlin && one_of(asked, {"", "marlin", "gptq_marlin"}) ? "gptq_marlin" : "";
}

std::string claim_awq(const HfConfig& config, const std::string& asked, const Launch& launch) {
  if (vllm::in_force(kOneClass, launch.day))
    return one_of(asked, {"", "awq", "awq_marlin", "auto_awq", "marlin"}) ? "auto_awq" : "";
  const auto bits = config.whole("bits");
  const bool marlin = (bits == 4 || bits == 8) && config.find("zero_point") && marlin_takes(config, launch);
  return marlin && one_of(asked, {"", "marlin", "awq_marlin"}) ? "awq_marlin" : "";
}

std::string claim_modelopt(const HfConfig& config, const std::string& method, vllm::Date day) {
  const std::string algorithm = modelopt_algorithm(config);
  if (!vllm::in_force(kClaimsModelOpt, day)) return "";
  if (!vllm::in_force(kAutoRoundIsInc, day)) {
    if (method != "modelopt") return "";
    return algorithm.find("FP8") != std::string::npos   ? "modelopt"
           : algorithm.find("FP4") != std::string::npos ? "modelopt_fp4"
                                                        : "";
  }
  if (algorithm == "FP8") return "modelopt";
  if (algorithm.find("FP4") != std::string::npos) return "modelopt_fp4";
  if (algorithm.find("MXFP8") != std::string::npos) return "modelopt_mxfp8";
  return algorithm == "MIXED_PRECISION" ? "modelopt_mixed" : "";
}

/// The method that claims the checkpoint; empty where none does and its own name holds.
std::string claimed(const HfConfig& config, const std::string& method, const std::string& asked, const Launch& launch) {
  const std::string type = launch.root().model_type();
  if (asked == "humming") return "humming";
  if (asked == "moe_wna16" && one_of(method, {"gptq", "awq"})) return "moe_wna16";
  if (method == "gptq") return claim_gptq(config, asked, launch);
  if (method == "awq") return claim_awq(config, asked, launch);
  if (method == "auto-round" && vllm::in_force(kAutoRoundIsInc, launch.day)) return "inc";
  if (method.starts_with("modelopt")) return claim_modelopt(config, method, launch.day);
  const bool one_class = vllm::in_force(kOneClass, launch.day);
  if (method == "mxfp4" && one_class && type == "gpt_oss") return "gpt_oss_mxfp4";
  // source  vllm/model_executor/models/config.py, DeepseekV4ForCausalLMConfig
  if (method == "fp8" && one_class && type.starts_with("deepseek_v4")) return "deepseek_v4_fp8";
  if (method == "compressed-tensors" && type == "kimi_k3" && config.text("format") == "mxfp4-pack-quantized")
    return "mxfp4";
  return "";
}

Stop check_gptq(const HfConfig& config, vllm::Date day) {
  const auto bits = config.whole("bits"), group = config.whole("group_size");
  const bool symmetric = config.truthy("sym");
  if (vllm::in_force(kRefusesActOrder, day) && config.truthy("desc_act") && group != -1)
    return refused(
        "GPTQ group activation ordering (desc_act=True) is no longer supported. Use a checkpoint with static "
        "activation "
        "ordering or desc_act=False.");
  if (bits && !(symmetric && (*bits == 4 || *bits == 8)))
    return refused("Unsupported quantization config: bits=" + std::to_string(*bits) +
                   ", sym=" + (symmetric ? "True" : "False"));
  return std::nullopt;
}

}  // namespace

Stop choose_quantization(Launch& launch) {
  std::string& name = launch.plan.quantization;
  name = launch.text("quantization");
  if (const json::Value* value = arch::quantisation_config(launch.source())) {
    const HfConfig config(*value);
    std::string method = method_of(config, launch.day);
    if (std::string claim = claimed(config, method, name, launch); !claim.empty()) name = method = std::move(claim);
    if (name.empty()) name = method;
    if (name != method)
      return refused("Quantization method specified in the model config (" + (method.empty() ? "None" : method) +
                     ") does not match the quantization method specified in the `quantization` argument (" + name +
                     ").");
  }
  if (name.empty()) return std::nullopt;
  const vllm::QuantizationMethod* method = vllm::quantization_method(name, launch.day);
  if (!method)
    return refused("Unknown quantization method: " + name + ". Must be one of " +
                   vllm::quantization_methods(launch.day) + ".");
  if (method->deprecated && !launch.given.flag_or("allow_deprecated_quantization", false))
    return refused(  // its arguments are never put into the sentence
        "('The quantization method %s is deprecated and will be removed in future versions of vLLM. To bypass, set "
        "`--allow-deprecated-quantization`.', '" +
        name + "')");
  return std::nullopt;
}

Stop check_quantization(Launch& launch) {
  const std::string& name = launch.plan.quantization;
  const vllm::QuantizationMethod* method = vllm::quantization_method(name, launch.day);
  if (!method) return std::nullopt;
  if (const json::Value* value = arch::quantisation_config(launch.source());
      value && one_of(name, {"auto_gptq", "gptq_marlin"}))
    if (Stop stop = check_gptq(HfConfig(*value), launch.day)) return stop;
  if (launch.plan.gpu.vendor == hardware::Vendor::kNvidia && launch.capability < method->capability)
    return refused("The quantization method " + name +
                   " is not supported for the current GPU. Minimum capability: " + std::to_string(method->capability) +
                   ". Current capability: " + std::to_string(launch.capability) + ".");
  const std::string dtype(vram::name(launch.plan.build.dtype));
  std::string list;
  bool taken = method->dtypes.empty();
  for (std::string_view rest = method->dtypes; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    list += (list.empty() ? "torch." : ", torch.") + std::string(word);
    taken = taken || word == dtype;
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  if (!taken)
    return refused("torch." + dtype + " is not supported for quantization method " + name + ". Supported dtypes: [" +
                   list + "]");
  return std::nullopt;
}

}  // namespace vram::plan
