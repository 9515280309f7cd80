#include "vllm/quantization_methods.h"

namespace vram::vllm {
namespace {

using enum Read;

constexpr std::string_view kHalf = "float16", kHalfFirst = "float16 bfloat16", kBrainFirst = "bfloat16 float16",
                           kBrain = "bfloat16", kAll = "float16 bfloat16 float32",
                           kWideFirst = "float32 float16 bfloat16", kFp4 = "bfloat16 float16 float8_e4m3fn";

/// source  vllm/model_executor/layers/quantization/__init__.py of each release read: QuantizationMethods,
///         DEPRECATED_QUANTIZATION_METHODS; get_min_capability and get_supported_act_dtypes of the classes
constexpr QuantizationMethod kMethods[] = {
    {"aqlm", {k0_9_2, k0_9_2}, 60, kHalf},
    {"awq", {k0_9_2, k0_19_0}, 75, kHalf},
    {"awq", {k0_25_1, k0_33_0}, 75, kHalfFirst},
    {"auto_awq", {k0_25_1, k0_33_0}, 75, kHalfFirst},
    {"deepspeedfp", {k0_9_2, k0_10_2}, 60, kHalfFirst},
    {"deepspeedfp", {k0_14_1, k0_14_1}, 60, kHalfFirst, true},
    {"tpu_int8", {k0_9_2, k0_10_2}, 0, kHalfFirst},
    {"fp8", {k0_9_2, k0_10_2}, 80, kBrainFirst},
    {"fp8", {k0_14_1, k0_33_0}, 75, kBrainFirst},
    {"ptpc_fp8", {k0_9_2, k0_10_2}, 80, kBrainFirst},
    {"ptpc_fp8", {k0_14_1, k0_14_1}, 75, kBrainFirst, true},
    {"fbgemm_fp8", {k0_9_2, k0_10_2}, 80, kBrainFirst},
    {"fbgemm_fp8", {k0_14_1, k0_33_0}, 80, kBrainFirst, true},
    {"fp_quant", {k0_14_1, k0_33_0}, 100, kBrain, true},
    {"modelopt", {k0_9_2, k0_25_1}, 89, kBrainFirst},
    {"modelopt", {k0_28_0, k0_33_0}, 80, kBrainFirst},
    {"modelopt_fp4", {k0_9_2, k0_10_2}, 80, kFp4},
    {"modelopt_fp4", {k0_14_1, k0_33_0}, 75, kFp4},
    {"modelopt_mxfp8", {k0_19_0, k0_19_0}, 100, kBrain},
    {"modelopt_mxfp8", {k0_25_1, k0_33_0}, 80, kBrain},
    {"modelopt_mixed", {k0_19_0, k0_19_0}, 89, kBrainFirst},
    {"modelopt_mixed", {k0_25_1, k0_33_0}, 75, kBrainFirst},
    {"marlin", {k0_9_2, k0_9_2}, 80, kHalf},
    {"bitblas", {k0_9_2, k0_10_2}, 70, kHalfFirst},
    {"bitblas", {k0_14_1, k0_14_1}, 70, kHalfFirst, true},
    {"gguf", {k0_9_2, k0_19_0}, 60, kAll},
    {"auto_gptq", {k0_25_1, k0_33_0}, 60, kHalfFirst},
    {"gptq", {k0_25_1, k0_33_0}, 60, kHalfFirst},
    {"gptq_marlin_24", {k0_9_2, k0_10_2}, 80, kHalf},
    {"gptq_marlin_24", {k0_14_1, k0_14_1}, 80, kHalf, true},
    {"gptq_marlin", {k0_9_2, k0_10_2}, 80, kHalfFirst},
    {"gptq_marlin", {k0_14_1, k0_19_0}, 75, kHalfFirst},
    {"gptq_marlin", {k0_25_1, k0_33_0}, 60, kHalfFirst},
    {"gptq_bitblas", {k0_9_2, k0_10_2}, 80, kHalfFirst},
    {"gptq_bitblas", {k0_14_1, k0_14_1}, 80, kHalfFirst, true},
    {"awq_marlin", {k0_9_2, k0_10_2}, 80, kHalfFirst},
    {"awq_marlin", {k0_14_1, k0_33_0}, 75, kHalfFirst},
    {"gptq", {k0_9_2, k0_19_0}, 60, kHalf},
    {"humming", {k0_25_1, k0_33_0}, 75, kBrainFirst},
    {"compressed-tensors", {k0_9_2, k0_9_2}, 70, kHalfFirst},
    {"compressed-tensors", {k0_10_2, k0_33_0}, 70, kWideFirst},
    {"bitsandbytes", {k0_9_2, k0_25_1}, 70, kWideFirst},
    {"qqq", {k0_9_2, k0_9_2}, 80, kHalf},
    {"hqq", {k0_9_2, k0_10_2}, 80, kHalfFirst},
    {"hqq", {k0_14_1, k0_14_1}, 80, kHalfFirst, true},
    {"experts_int8", {k0_9_2, k0_10_2}, 80, kBrainFirst},
    {"experts_int8", {k0_14_1, k0_19_0}, 80, kBrainFirst, true},
    {"experts_int8", {k0_25_1, k0_33_0}, 80, kBrainFirst},
    {"neuron_quant", {k0_9_2, k0_9_2}, 0, ""},
    {"ipex", {k0_9_2, k0_10_2}, 0, kBrainFirst},
    {"ipex", {k0_14_1, k0_14_1}, 0, kBrainFirst, true},
    {"quark", {k0_9_2, k0_33_0}, 70, kHalfFirst},
    {"moe_wna16", {k0_9_2, k0_33_0}, 70, kBrainFirst},
    {"torchao", {k0_9_2, k0_33_0}, 75, kWideFirst},
    {"auto-round", {k0_9_2, k0_10_2}, 60, kHalfFirst},
    {"auto-round", {k0_14_1, k0_14_1}, 60, kHalfFirst, true},
    {"rtn", {k0_9_2, k0_10_2}, 80, kBrainFirst},
    {"rtn", {k0_14_1, k0_14_1}, 80, kBrainFirst, true},
    {"inc", {k0_10_2, k0_14_1}, 0, kBrain},
    {"inc", {k0_19_0, k0_33_0}, 60, kHalfFirst},
    {"mxfp4", {k0_10_2, k0_33_0}, 80, kBrain},
    {"gpt_oss_mxfp4", {k0_25_1, k0_33_0}, 80, kBrain},
    {"deepseek_v4_fp8", {k0_25_1, k0_33_0}, 75, kBrainFirst},
    {"mxfp8", {k0_19_0, k0_19_0}, 100, kBrainFirst},
    {"petit_nvfp4", {k0_10_2, k0_10_2}, 90, kBrainFirst},
    {"petit_nvfp4", {k0_14_1, k0_19_0}, 90, kBrainFirst, true},
    {"cpu_awq", {k0_14_1, k0_19_0}, 0, kHalfFirst},
    {"online", {k0_25_1, k0_33_0}, 75, kBrainFirst},
    {"fp8_per_tensor", {k0_25_1, k0_33_0}, 75, kBrainFirst},
    {"fp8_per_block", {k0_25_1, k0_33_0}, 75, kBrainFirst},
    {"fp8_per_channel", {k0_25_1, k0_33_0}, 75, kBrainFirst},
    {"int8_per_channel_weight_only", {k0_25_1, k0_33_0}, 75, kBrainFirst},
    {"nvfp4_per_token", {k0_28_0, k0_33_0}, 75, kBrainFirst},
    {"mxfp8", {k0_25_1, k0_33_0}, 80, kBrain},
};

}  // namespace

const QuantizationMethod* quantization_method(std::string_view name, Date day) {
  const QuantizationMethod* found = nullptr;  // of two rows that both may hold between releases, the later
  for (const QuantizationMethod& method : kMethods)
    if (method.name == name && present(method.seen, day) && (!found || method.seen.first > found->seen.first))
      found = &method;
  return found;
}

std::string quantization_methods(Date day) {
  std::string list;
  for (const QuantizationMethod& method : kMethods)
    if (quantization_method(method.name, day) == &method)
      list += (list.empty() ? "['" : ", '") + std::string(method.name) + "'";
  return list + "]";
}

}  // namespace vram::vllm
