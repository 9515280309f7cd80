#include "plan/kernels.h"

#include <algorithm>

namespace vram::plan {
namespace {

constexpr hardware::Capability kBlackwell{10, 0};

bool whole_numbers(const json::Value& group) {
  const json::Value* activations = group.find("input_activations");
  const json::Value* type = activations ? activations->find("type") : nullptr;
  return type && type->string() && *type->string() == "int";
}

bool int8_activations(const ModelSource& model) {
  for (const char* name : {"quantization_config", "compression_config"}) {
    const json::Value* config = model.config.find(name);
    const json::Value* groups = config ? config->find("config_groups") : nullptr;
    if (groups && groups->object() &&
        std::ranges::any_of(groups->object()->members(), [](const auto& group) { return whole_numbers(group.second); }))
      return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> kernel_missing(const ModelSource& model, const hardware::Gpu& gpu) {
  if (gpu.vendor != hardware::Vendor::kNvidia || gpu.capability < kBlackwell || !int8_activations(model))
    return std::nullopt;
  return "Int8 not supported on SM" + std::to_string(gpu.capability.major * 10 + gpu.capability.minor) +
         ". Use FP8 quantization instead, or run on older arch (SM < 100).";
}

}  // namespace vram::plan
