#include <algorithm>
#include <array>

#include "arch/quantisation.h"
#include "json/fields.h"
#include "units/text.h"

namespace vram::arch {
namespace {

constexpr vllm::Step<std::string_view> kKnown[] = {
    {{},
     "aqlm awq deepspeedfp tpu_int8 fp8 ptpc_fp8 fbgemm_fp8 modelopt modelopt_fp4 marlin bitblas gguf "
     "gptq_marlin_24 gptq_marlin gptq_bitblas awq_marlin gptq compressed-tensors bitsandbytes qqq hqq "
     "experts_int8 neuron_quant ipex quark moe_wna16 torchao auto-round rtn",
     "vllm v0.9.2 layers/quantization/__init__.py"},
    {{2025, 8, 16},
     "awq deepspeedfp tpu_int8 fp8 ptpc_fp8 fbgemm_fp8 modelopt modelopt_fp4 marlin bitblas gguf "
     "gptq_marlin_24 gptq_marlin gptq_bitblas awq_marlin gptq compressed-tensors bitsandbytes qqq hqq "
     "experts_int8 neuron_quant ipex quark moe_wna16 torchao auto-round rtn inc mxfp4",
     "~vllm v0.10.1 layers/quantization/__init__.py"},
    {{2025, 9, 12},
     "awq deepspeedfp tpu_int8 fp8 ptpc_fp8 fbgemm_fp8 modelopt modelopt_fp4 bitblas gguf gptq_marlin_24 "
     "gptq_marlin gptq_bitblas awq_marlin gptq compressed-tensors bitsandbytes hqq experts_int8 ipex quark "
     "moe_wna16 torchao auto-round rtn inc mxfp4 petit_nvfp4",
     "~vllm v0.10.2 layers/quantization/__init__.py"},
    {{2025, 11, 11},
     "awq deepspeedfp tpu_int8 fp8 ptpc_fp8 fbgemm_fp8 fp_quant modelopt modelopt_fp4 bitblas gguf "
     "gptq_marlin_24 gptq_marlin gptq_bitblas awq_marlin gptq compressed-tensors bitsandbytes hqq "
     "experts_int8 ipex quark moe_wna16 torchao auto-round rtn inc mxfp4 petit_nvfp4",
     "~vllm v0.11.2 layers/quantization/__init__.py"},
    {{2025, 11, 30},
     "awq deepspeedfp tpu_int8 fp8 ptpc_fp8 fbgemm_fp8 fp_quant modelopt modelopt_fp4 bitblas gguf "
     "gptq_marlin_24 gptq_marlin gptq_bitblas awq_marlin gptq compressed-tensors bitsandbytes hqq "
     "experts_int8 ipex quark moe_wna16 torchao auto-round rtn inc mxfp4 petit_nvfp4 cpu_gptq cpu_awq",
     "~vllm v0.12.0 layers/quantization/__init__.py"},
    {{2026, 1, 13},
     "awq deepspeedfp fp8 ptpc_fp8 fbgemm_fp8 fp_quant modelopt modelopt_fp4 bitblas gguf gptq_marlin_24 "
     "gptq_marlin gptq_bitblas awq_marlin gptq compressed-tensors bitsandbytes hqq experts_int8 ipex quark "
     "moe_wna16 torchao auto-round rtn inc mxfp4 petit_nvfp4 cpu_awq",
     "~vllm v0.14.1 layers/quantization/__init__.py"},
    {{2026, 1, 27},
     "awq fp8 ptpc_fp8 fbgemm_fp8 fp_quant modelopt modelopt_fp4 bitblas gguf gptq_marlin_24 gptq_marlin "
     "gptq_bitblas awq_marlin gptq compressed-tensors bitsandbytes experts_int8 ipex quark moe_wna16 "
     "torchao inc mxfp4 petit_nvfp4 cpu_awq",
     "~vllm v0.15.0 layers/quantization/__init__.py"},
    {{2026, 2, 9},
     "awq fp8 ptpc_fp8 fbgemm_fp8 fp_quant modelopt modelopt_fp4 modelopt_mxfp8 gguf gptq_marlin "
     "awq_marlin gptq compressed-tensors bitsandbytes experts_int8 quark moe_wna16 torchao inc mxfp4 "
     "petit_nvfp4 cpu_awq",
     "~vllm v0.16.0 layers/quantization/__init__.py"},
    {{2026, 3, 4},
     "awq fp8 ptpc_fp8 fbgemm_fp8 fp_quant modelopt modelopt_fp4 modelopt_mxfp8 modelopt_mixed gguf "
     "gptq_marlin awq_marlin gptq compressed-tensors bitsandbytes experts_int8 quark moe_wna16 torchao inc "
     "mxfp4 petit_nvfp4 cpu_awq",
     "~vllm v0.17.0 layers/quantization/__init__.py"},
    {{2026, 3, 30},
     "awq fp8 fbgemm_fp8 fp_quant modelopt modelopt_fp4 modelopt_mxfp8 modelopt_mixed gguf gptq_marlin "
     "awq_marlin gptq compressed-tensors bitsandbytes experts_int8 quark moe_wna16 torchao inc mxfp4 mxfp8 "
     "petit_nvfp4 cpu_awq",
     "~vllm v0.19.0 layers/quantization/__init__.py"},
    {{2026, 4, 20},
     "awq fp8 fbgemm_fp8 fp_quant modelopt modelopt_fp4 modelopt_mxfp8 modelopt_mixed gguf gptq_marlin "
     "awq_marlin gptq humming compressed-tensors bitsandbytes experts_int8 quark moe_wna16 torchao inc "
     "mxfp4 gpt_oss_mxfp4 deepseek_v4_fp8 cpu_awq online fp8_per_tensor fp8_per_block "
     "int8_per_channel_weight_only mxfp8",
     "~vllm v0.20.0 layers/quantization/__init__.py"},
    {{2026, 5, 25},
     "awq fp8 fbgemm_fp8 fp_quant modelopt modelopt_fp4 modelopt_mxfp8 modelopt_mixed gguf auto_gptq gptq "
     "gptq_marlin awq_marlin humming compressed-tensors bitsandbytes experts_int8 quark moe_wna16 torchao "
     "inc mxfp4 gpt_oss_mxfp4 deepseek_v4_fp8 cpu_awq online fp8_per_tensor fp8_per_block "
     "int8_per_channel_weight_only mxfp8",
     "~vllm v0.22.0 layers/quantization/__init__.py"},
    {{2026, 6, 8},
     "awq fp8 fbgemm_fp8 fp_quant modelopt modelopt_fp4 modelopt_mxfp8 modelopt_mixed gguf auto_gptq gptq "
     "gptq_marlin awq_marlin humming compressed-tensors bitsandbytes experts_int8 quark moe_wna16 torchao "
     "inc mxfp4 gpt_oss_mxfp4 deepseek_v4_fp8 online fp8_per_tensor fp8_per_block "
     "int8_per_channel_weight_only mxfp8",
     "~vllm v0.23.0 layers/quantization/__init__.py"},
    {{2026, 6, 23},
     "awq auto_awq fp8 fbgemm_fp8 fp_quant modelopt modelopt_fp4 modelopt_mxfp8 modelopt_mixed auto_gptq "
     "gptq gptq_marlin awq_marlin humming compressed-tensors bitsandbytes experts_int8 quark moe_wna16 "
     "torchao inc mxfp4 gpt_oss_mxfp4 deepseek_v4_fp8 online fp8_per_tensor fp8_per_block fp8_per_channel "
     "int8_per_channel_weight_only mxfp8",
     "~vllm v0.24.0 layers/quantization/__init__.py"},
    {{2026, 7, 18},
     "awq auto_awq fp8 fbgemm_fp8 fp_quant modelopt modelopt_fp4 modelopt_mxfp8 modelopt_mixed auto_gptq "
     "gptq gptq_marlin awq_marlin humming compressed-tensors bitsandbytes experts_int8 quark moe_wna16 "
     "torchao inc mxfp4 gpt_oss_mxfp4 deepseek_v4_fp8 online fp8_per_tensor fp8_per_block fp8_per_channel "
     "int8_per_channel_weight_only nvfp4_per_token mxfp8",
     "~vllm v0.26.0 layers/quantization/__init__.py"},
    {{2026, 8, 18},
     "awq auto_awq fp8 fbgemm_fp8 fp_quant modelopt modelopt_fp4 modelopt_mxfp8 modelopt_mixed auto_gptq "
     "gptq gptq_marlin awq_marlin humming compressed-tensors experts_int8 quark moe_wna16 torchao inc "
     "mxfp4 gpt_oss_mxfp4 deepseek_v4_fp8 online fp8_per_tensor fp8_per_block fp8_per_channel "
     "int8_per_channel_weight_only nvfp4_per_token mxfp8",
     "~vllm v0.28.0 layers/quantization/__init__.py"},
};
static_assert(vllm::well_formed(kKnown));

constexpr vllm::Step<std::string_view> kDeprecated[] = {
    {{}, "", "vllm v0.9.2 layers/quantization/__init__.py"},
    {{2026, 1, 13},
     "deepspeedfp tpu_int8 ptpc_fp8 fbgemm_fp8 fp_quant bitblas gptq_marlin_24 gptq_bitblas hqq "
     "experts_int8 ipex auto-round rtn petit_nvfp4",
     "~vllm v0.14.1 layers/quantization/__init__.py"},
    {{2026, 1, 27},
     "tpu_int8 ptpc_fp8 fbgemm_fp8 fp_quant bitblas gptq_marlin_24 gptq_bitblas experts_int8 ipex "
     "petit_nvfp4",
     "~vllm v0.15.0 layers/quantization/__init__.py"},
    {{2026, 2, 9},
     "tpu_int8 ptpc_fp8 fbgemm_fp8 fp_quant experts_int8 petit_nvfp4",
     "~vllm v0.16.0 layers/quantization/__init__.py"},
    {{2026, 3, 30},
     "tpu_int8 fbgemm_fp8 fp_quant experts_int8 petit_nvfp4",
     "~vllm v0.19.0 layers/quantization/__init__.py"},
    {{2026, 4, 20}, "tpu_int8 fbgemm_fp8 fp_quant", "~vllm v0.20.0 layers/quantization/__init__.py"},
    {{2026, 6, 8}, "fbgemm_fp8 fp_quant", "~vllm v0.23.0 layers/quantization/__init__.py"},
};
static_assert(vllm::well_formed(kDeprecated));

/// Since when a checkpoint's method runs under another name.
constexpr vllm::Step<std::string_view> kGptqMarlin[] = {
    {{}, "gptq_marlin", "vllm v0.9.2 gptq_marlin.py override_quantization_method; also v0.21.0"},
    {{2026, 5, 25}, "auto_gptq", "~vllm v0.22.0 auto_gptq.py"},
};
static_assert(vllm::well_formed(kGptqMarlin));

constexpr vllm::Step<std::string_view> kAwqMarlin[] = {
    {{}, "awq_marlin", "vllm v0.9.2 awq_marlin.py override_quantization_method; also v0.23.0"},
    {{2026, 6, 23}, "auto_awq", "~vllm v0.24.0 auto_awq.py"},
};
static_assert(vllm::well_formed(kAwqMarlin));

constexpr vllm::Step<int> kMarlinCapability[] = {
    {{}, 80, "vllm v0.9.2 utils/marlin_utils.py query_marlin_supported_quant_types; also v0.13.0"},
    {{2026, 1, 13}, 75, "~vllm v0.14.1"},
};
static_assert(vllm::well_formed(kMarlinCapability));

constexpr vllm::Step<bool> kModelTypesCount[] = {
    {{}, false, "vllm v0.19.0 mxfp4.py: one mxfp4 for all"},
    {{2026, 4, 20},
     true,
     "~vllm v0.20.0 mxfp4.py GptOssMxfp4Config and DeepseekV4FP8Config, override_quantization_method"},
};
static_assert(vllm::well_formed(kModelTypesCount));

constexpr vllm::Step<bool> kAutoRoundIsInc[] = {
    {{}, false, "vllm v0.9.2 auto_round.py; also v0.14.1"},
    {{2026, 1, 27}, true, "~vllm v0.15.0 inc.py INCConfig.override_quantization_method"},
};
static_assert(vllm::well_formed(kAutoRoundIsInc));

constexpr vllm::Step<bool> kModelOptByAlgorithm[] = {
    {{}, false, "vllm v0.9.2 modelopt.py: the method as written"},
    {{2025, 8, 16}, true, "~vllm v0.10.1 modelopt.py override_quantization_method"},
};
static_assert(vllm::well_formed(kModelOptByAlgorithm));

constexpr vllm::Step<bool> kKimiK3ByFormat[] = {
    {{}, false, "vllm v0.26.0 models/config.py"},
    {{2026, 8, 3}, true, "~vllm v0.27.0 models/config.py KimiK3ForConditionalGenerationConfig"},
};
static_assert(vllm::well_formed(kKimiK3ByFormat));

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

std::string python_list(const std::vector<std::string_view>& names) {
  std::string text = "[";
  for (const std::string_view name : names) text.append(text.size() > 1 ? ", '" : "'").append(name).append("'");
  return text + ']';
}

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c;
  return text;
}

bool one_of_these(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// GPTQ and AWQ checkpoints that Marlin can run go to its method.
std::string marlin_name(std::string_view method, const json::Fields& config, const BuildOptions& options) {
  const auto bits = config.maybe_count("bits", -1), group = config.maybe_count("group_size", -1);
  const bool gptq = method == "gptq";
  const std::string_view target = vllm::in_force(gptq ? kGptqMarlin : kAwqMarlin, options.as_of);
  const std::string& user = options.quantization;
  if (target.starts_with("auto_")) {
    const bool asked = user.empty() || user == "marlin" || user == method || user == target ||
                       user == (gptq ? "gptq_marlin" : "awq_marlin");
    return std::string(asked ? target : method);
  }
  const bool asked = user.empty() || user == "marlin" || user == target;
  const bool stated = bits && group && (gptq ? config.has("sym") && config.has("desc_act") : config.has("zero_point"));
  const bool suits = stated && options.capability >= vllm::in_force(kMarlinCapability, options.as_of) &&
                     (*group == -1 || *group == 32 || *group == 64 || *group == 128) &&
                     (gptq ? config.flag_or("sym", false) && (*bits == 4 || *bits == 8)
                           : *bits == 4 && config.flag_or("zero_point", false));
  return std::string(asked && suits ? target : method);
}

std::string modelopt_name(std::string method, const json::Fields& config, vllm::Date as_of) {
  const json::Fields inner = config.inner("quantization");
  const std::string algorithm =
      upper(config.has("quantization") ? inner.text_or("quant_algo", "") : config.text_or("quant_algo", ""));
  if (!method.starts_with("modelopt") && config.inner("producer").text_or("name", "") == "modelopt" &&
      config.has("quantization"))
    method = "modelopt";
  if (!method.starts_with("modelopt") || algorithm.empty() || !vllm::in_force(kModelOptByAlgorithm, as_of))
    return method;
  const auto holds = [&](std::string_view part) { return algorithm.find(part) != std::string::npos; };
  if (algorithm == "MIXED_PRECISION") return "modelopt_mixed";
  if (holds("MXFP8")) return "modelopt_mxfp8";
  if (holds("FP4")) return "modelopt_fp4";
  return holds("FP8") ? "modelopt" : method;
}

/// The method that the checkpoint's config and the release settle on.
std::string name_of(const json::Fields& config, const ModelSource& source, const BuildOptions& options) {
  std::string method = lower(config.text_or("quant_method", ""));
  if (method == "compressed_tensors") method = "compressed-tensors";
  const std::string& user = options.quantization;
  if (user == "moe_wna16" && (method == "gptq" || method == "awq")) return user;
  if (user == "humming") return user;
  if (method == "gptq" || method == "awq") return marlin_name(method, config, options);
  if (method == "auto-round" && vllm::in_force(kAutoRoundIsInc, options.as_of)) return "inc";
  const json::Value* type = source.config.find("model_type");
  const std::string model_type = type && type->string() ? *type->string() : "";
  if (method == "compressed-tensors" && model_type == "kimi_k3" &&
      config.text_or("format", "") == "mxfp4-pack-quantized" && vllm::in_force(kKimiK3ByFormat, options.as_of))
    return "mxfp4";
  if (vllm::in_force(kModelTypesCount, options.as_of)) {
    if (one_of_these(method, {"mxfp4", "gpt_oss_mxfp4"}) && model_type == "gpt_oss") return "gpt_oss_mxfp4";
    const bool deepseek =
        one_of_these(model_type, {"deepseek_v4", "deepseek_v4_text", "deepseek_v41", "deepseek_v41_text"});
    if (one_of_these(method, {"fp8", "deepseek_v4_fp8"}) && (deepseek || user == "deepseek_v4_fp8"))
      return "deepseek_v4_fp8";
  }
  return modelopt_name(std::move(method), config, options.as_of);
}

}  // namespace

const json::Value* quantisation_config(const ModelSource& source) {
  for (const json::Value* part : {&source.config, source.config.find("text_config")})
    for (const char* key : {"quantization_config", "compression_config"})
      if (const json::Value* found = part ? part->find(key) : nullptr; found && found->object()) return found;
  return source.quantisation && source.quantisation->object() ? &*source.quantisation : nullptr;
}

Result<std::string> quantisation_name(const json::Value* config, const ModelSource& source,
                                      const BuildOptions& options) {
  std::string name = options.quantization;
  if (config) {
    const std::string own = name_of(json::Fields(*config, source.place), source, options);
    const bool renamed_by_vllm = own != lower(json::Fields(*config, source.place).text_or("quant_method", ""));
    if (!name.empty() && name != own && !renamed_by_vllm)
      return refused("Quantization method specified in the model config (" + own +
                     ") does not match the quantization method specified in the `quantization` argument (" + name +
                     ").");
    name = own;
  }
  if (name.empty()) return name;
  const auto known = words(vllm::in_force(kKnown, options.as_of));
  if (std::find(known.begin(), known.end(), name) == known.end())
    return refused("Unknown quantization method: " + name + ". Must be one of " + python_list(known) + '.');
  const auto deprecated = words(vllm::in_force(kDeprecated, options.as_of));
  if (!options.deprecated_quantization && std::find(deprecated.begin(), deprecated.end(), name) != deprecated.end())
    return refused(
        "('The quantization method %s is deprecated and will be removed in future versions of vLLM. To bypass, set "
        "`--allow-deprecated-quantization`.', '" +
        name + "')");
  return name;
}

}  // namespace vram::arch
