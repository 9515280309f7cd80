// dtype: of the parameters and activations.
//
// source  vllm v0.33.0 vllm/config/model.py, _get_and_verify_dtype, _resolve_auto_dtype; the same since 0.9.2
#include <algorithm>

#include "plan/launch.h"
#include "readers/checkpoint.h"
#include "units/text.h"

namespace vram::plan {
namespace {

constexpr std::string_view kUnstable = "Numerical instability. Please use bfloat16 or float32 instead.";

/// Model types that refuse float16. source  vllm/config/model.py, _FLOAT16_NOT_SUPPORTED_MODELS
struct RefusesFloat16 {
  std::string_view model_type;
  vllm::Seen seen;
};
constexpr RefusesFloat16 kRefusesFloat16[] = {
    {"gemma2", {}}, {"gemma3", {}}, {"gemma3_text", {vllm::Read::k0_10_2}}, {"plamo2", {}}, {"glm4", {}},
};

bool refuses_float16(std::string_view model_type, vllm::Date day) {
  return std::any_of(std::begin(kRefusesFloat16), std::end(kRefusesFloat16), [&](const RefusesFloat16& each) {
    return each.model_type == model_type && vllm::present(each.seen, day);
  });
}

/// From then on configs may call it "dtype".
constexpr vllm::Step<bool> kShortName[] = {
    {{}, false, "vllm v0.9.2 with transformers 4.53"},
    {{2025, 8, 29}, true, "transformers v4.56.0, PretrainedConfig"},
};
static_assert(vllm::well_formed(kShortName));

std::optional<Dtype> dtype_of(const json::Value* config, vllm::Date day) {
  if (!config) return std::nullopt;
  for (const char* name : {"dtype", "torch_dtype"})
    if (const json::Value* value = config->find(name); value && value->string())
      if (name != std::string_view("dtype") || vllm::in_force(kShortName, day)) return read_dtype(*value->string());
  return std::nullopt;
}

/// The type that all stored floats fit into.
///
///   source  vllm v0.33.0 vllm/utils/torch_utils.py, common_broadcastable_dtype
std::optional<Dtype> stored_dtype(const Checkpoint* weights) {
  if (!weights) return std::nullopt;
  constexpr std::pair<StoredType, Dtype> kWidestFirst[] = {
      {StoredType::kF32, Dtype::kFloat32}, {StoredType::kBf16, Dtype::kBfloat16}, {StoredType::kF16, Dtype::kFloat16}};
  for (const auto& [stored, dtype] : kWidestFirst)
    if (weights->by_type[std::size_t(stored)] > Bytes(0)) return dtype;
  return std::nullopt;
}

/// As the checkpoint's config states it, or as its headers do; float32 where neither does.
Dtype config_dtype(const Launch& launch) {
  const json::Value& root = launch.source().config;
  const json::Value* places[] = {&root, &launch.source().text(), root.find("vision_config"),
                                 root.find("encoder_config")};
  for (const json::Value* place : places)
    if (const auto dtype = dtype_of(place, launch.day)) return *dtype;
  return stored_dtype(launch.source().weights.get()).value_or(Dtype::kFloat32);
}

Dtype automatic(Dtype config, const Launch& launch) {
  std::vector<Dtype> supported;  // the best first
  if (launch.capability >= 80) supported.push_back(Dtype::kBfloat16);
  if (!refuses_float16(launch.root().model_type(), launch.day)) supported.push_back(Dtype::kFloat16);
  supported.push_back(Dtype::kFloat32);
  const auto takes = [&](Dtype dtype) {
    return std::find(supported.begin(), supported.end(), dtype) != supported.end();
  };
  const Dtype preferred = launch.pooling() && takes(Dtype::kFloat16) ? Dtype::kFloat16 : supported.front();
  if (config == Dtype::kFloat32) return preferred;
  return takes(config) ? config : preferred;
}

}  // namespace

Stop choose_dtype(Launch& launch) {
  const std::string given = lower(launch.given.text_or("dtype", "auto"));
  Dtype dtype = Dtype::kBfloat16;
  if (given == "auto") {
    dtype = automatic(config_dtype(launch), launch);
  } else {
    constexpr std::string_view kKnown[] = {"half", "float16", "float", "float32", "bfloat16"};
    if (std::find(std::begin(kKnown), std::end(kKnown), given) == std::end(kKnown))
      return refused("Unknown dtype: '" + given + "'");
    dtype = *read_dtype(given);
  }
  const std::string type = launch.root().model_type();
  if (dtype == Dtype::kFloat16 && refuses_float16(type, launch.day))
    return refused("The model type '" + type + "' does not support float16. Reason: " + std::string(kUnstable));
  // source  vllm/platforms/cuda.py, check_if_supports_dtype
  const hardware::Gpu& gpu = launch.plan.gpu;
  if (dtype == Dtype::kBfloat16 && gpu.vendor == hardware::Vendor::kNvidia && launch.capability < 80)
    return refused("Bfloat16 is only supported on GPUs with compute capability of at least 8.0. Your " +
                   gpu.driver_name + " GPU has compute capability " + gpu.capability.text() +
                   ". You can use float16 instead by explicitly setting the `dtype` flag in CLI, for example: "
                   "--dtype=half.");
  launch.plan.build.dtype = launch.plan.kv.model_dtype = dtype;
  return std::nullopt;
}

}  // namespace vram::plan
