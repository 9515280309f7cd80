// The GPUs and element types that vLLM demands for a quantisation method.
#include <algorithm>

#include "arch/quantisation.h"

namespace vram::arch {
namespace {

/// `capability` since `since`; `before` until then.
struct Needs {
  std::string_view method;
  int before, capability;
  vllm::Date since;
  std::string_view dtypes;
  vllm::Citation source;
};

constexpr vllm::Date kV0_10_1{2025, 8, 16}, kV0_14{2026, 1, 13}, kV0_20{2026, 4, 20}, kV0_24{2026, 6, 23},
    kV0_27{2026, 8, 3};

constexpr Needs kNeeds[] = {
    {"fp8", 80, 75, kV0_14, "bfloat16 float16", "vllm layers/quantization/fp8.py"},
    {"deepseek_v4_fp8", 75, 75, {}, "bfloat16 float16", "vllm models/deepseek_v4/quant_config.py"},
    {"fbgemm_fp8", 80, 80, {}, "bfloat16 float16", "vllm layers/quantization/fbgemm_fp8.py"},
    {"modelopt", 89, 80, kV0_27, "bfloat16 float16", "vllm layers/quantization/modelopt.py"},
    {"modelopt_fp4", 80, 75, kV0_14, "bfloat16 float16 float8_e4m3fn", "vllm layers/quantization/modelopt.py"},
    {"modelopt_mxfp8", 100, 80, kV0_20, "bfloat16", "vllm layers/quantization/modelopt.py"},
    {"mxfp8", 100, 75, kV0_20, "bfloat16 float16", "vllm layers/quantization/mxfp8.py"},
    {"modelopt_mixed", 89, 75, kV0_24, "bfloat16 float16", "vllm layers/quantization/modelopt.py"},
    {"awq", 75, 75, {}, "float16", "vllm layers/quantization/awq.py"},
    {"awq_marlin", 80, 75, kV0_14, "float16 bfloat16", "vllm layers/quantization/awq_marlin.py"},
    {"auto_awq", 75, 75, {}, "float16 bfloat16", "vllm layers/quantization/auto_awq.py"},
    {"gptq", 60, 60, {}, "float16", "vllm layers/quantization/gptq.py"},
    {"gptq_marlin", 80, 75, kV0_14, "float16 bfloat16", "vllm layers/quantization/gptq_marlin.py"},
    {"auto_gptq", 60, 60, {}, "float16 bfloat16", "vllm layers/quantization/auto_gptq.py"},
    {"compressed-tensors", 70, 70, kV0_10_1, "float32 float16 bfloat16",
     "vllm compressed_tensors/compressed_tensors.py"},
    {"bitsandbytes", 70, 70, {}, "float32 float16 bfloat16", "vllm layers/quantization/bitsandbytes.py"},
    {"mxfp4", 80, 80, {}, "bfloat16", "vllm layers/quantization/mxfp4.py"},
    {"gpt_oss_mxfp4", 80, 80, {}, "bfloat16", "vllm layers/quantization/mxfp4.py"},
    {"experts_int8", 80, 80, {}, "bfloat16 float16", "vllm layers/quantization/experts_int8.py"},
    {"moe_wna16", 70, 70, {}, "bfloat16 float16", "vllm layers/quantization/moe_wna16.py"},
    {"torchao", 75, 75, {}, "float32 float16 bfloat16", "vllm layers/quantization/torchao.py"},
    {"quark", 70, 70, {}, "float16 bfloat16", "vllm layers/quantization/quark/quark.py"},
    {"inc", 60, 60, {}, "float16 bfloat16", "vllm layers/quantization/inc.py"},
    {"auto-round", 60, 60, {}, "float16 bfloat16", "vllm layers/quantization/auto_round.py"},
};
/// Formats that vLLM makes itself, by any name.
constexpr Needs kOnline{"", 75, 75, {}, "bfloat16 float16", "vllm layers/quantization/online/base.py"};

std::string torch_list(std::string_view dtypes) {
  std::string text = "[";
  while (!dtypes.empty()) {
    const std::size_t end = std::min(dtypes.find(' '), dtypes.size());
    text.append(text.size() > 1 ? ", torch." : "torch.").append(dtypes.substr(0, end));
    dtypes.remove_prefix(std::min(end + 1, dtypes.size()));
  }
  return text + ']';
}

}  // namespace

std::optional<Error> unmet_needs(const std::string& method, const BuildOptions& options) {
  const auto* found = std::ranges::find(kNeeds, std::string_view(method), &Needs::method);
  const Needs& needs = found == std::end(kNeeds) ? kOnline : *found;
  const int least = options.as_of < needs.since ? needs.before : needs.capability;
  if (options.capability < least)
    return refused("The quantization method " + method + " is not supported for the current GPU. Minimum capability: " +
                   std::to_string(least) + ". Current capability: " + std::to_string(options.capability) + '.');
  const std::string_view dtype = name(options.dtype);
  if (needs.dtypes.find(dtype) == std::string_view::npos)
    return refused("torch." + std::string(dtype) + " is not supported for quantization method " + method +
                   ". Supported dtypes: " + torch_list(needs.dtypes));
  return std::nullopt;
}

}  // namespace vram::arch
