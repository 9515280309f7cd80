#include "memory/rocm_loading.h"

#include <vector>

#include "memory/parameters.h"
#include "memory/segments.h"

namespace vram::memory {
namespace {

constexpr vllm::Step<bool> kCountsTheDevice[] = {
    {{}, true, "vllm v0.20.0 vllm/platforms/rocm.py, get_current_memory_usage"},
    {{2026, 5, 1}, false, "~ vllm v0.21.0 the same: what torch has allocated, its cache emptied"},
};
static_assert(vllm::well_formed(kCountsTheDevice));

constexpr vllm::Step<bool> kPadsRows[] = {
    {{}, true, "vllm v0.19.0 fused_moe/unquantized_fused_moe_method.py, _maybe_pad_weight (VLLM_ROCM_MOE_PADDING)"},
    {{2026, 9, 10}, false, "~ vllm v0.30.0 the same: the padded copy is copied back over the weights"},
};
static_assert(vllm::well_formed(kPadsRows));

/// gfx942: its 8-bit floats have one zero, so weights are rewritten in place under a mask of a byte an element.
constexpr int kOneZero = 94;

/// A tensor that is replaced by a padded copy, or rewritten under a mask.
struct Repacked {
  Segments::Place place;
  Bytes copy, mask;
};

std::int64_t rows(const Parameter& parameter) {
  return parameter.elements() / parameter.shape[std::size_t(parameter.dimensions) - 1];
}

/// Bytes of the padded copy; nothing where none is made.
Bytes padded(const Module& module, const Parameter& parameter, vllm::Date as_of) {
  const auto* experts = std::get_if<Experts>(&module);
  if (!experts || !std::holds_alternative<Unquantised>(experts->packing) || parameter.dimensions != 3) return {};
  const std::int64_t columns = parameter.shape[2] * width(parameter.dtype);
  const std::int64_t padding = rocm_row_padding(columns, as_of);
  return padding == 0 ? Bytes(0) : Bytes(columns + padding) * rows(parameter);
}

Bytes mask(const Parameter& parameter, const Platform& platform) {
  const bool rewritten = parameter.dtype == Dtype::kFloat8E4m3 && platform.capability == kOneZero;
  return rewritten ? Bytes(parameter.elements()) : Bytes(0);
}

/// Creates a layer's tensors; answers those that are repacked, in order.
std::vector<Repacked> created(const Layer& layer, const Creation& creation, Segments& segments) {
  std::vector<Repacked> repacked;
  for (const Module& module : layer.modules) {
    const auto sink = [&](const Parameter& parameter) {
      if (parameter.view) return;
      const Repacked tensor{segments.allocate(parameter.bytes()), padded(module, parameter, creation.platform.as_of),
                            mask(parameter, creation.platform)};
      if (tensor.copy > Bytes(0) || tensor.mask > Bytes(0)) repacked.push_back(tensor);
    };
    if (create(module, creation, sink)) return {};  // refused where the weights are weighed
  }
  return repacked;
}

void repack(const Repacked& tensor, Segments& segments) {
  if (tensor.mask > Bytes(0)) segments.release(segments.allocate(tensor.mask));
  if (tensor.copy == Bytes(0)) return;
  segments.allocate(tensor.copy);
  segments.empty_cache();
  segments.release(tensor.place);
}

}  // namespace

bool rocm_counts_the_device(vllm::Date as_of) { return vllm::in_force(kCountsTheDevice, as_of); }

std::int64_t rocm_row_padding(std::int64_t columns, vllm::Date as_of) {
  constexpr std::int64_t kAlignment = 512, kPadding = 256;
  return columns % kAlignment == 0 && vllm::in_force(kPadsRows, as_of) ? kPadding : 0;
}

Bytes cached_by_rocm(const Model& model, const Parallel& parallel, const Stage& stage, const Platform& platform) {
  Segments segments;
  const Creation creation{parallel, platform, model.dtype};
  std::vector<Repacked> repacked;
  for (std::int64_t i = stage.begin; i < stage.end; ++i)
    for (const Repacked& each : created(model.kinds[std::size_t(model.layers[std::size_t(i)])], creation, segments))
      repacked.push_back(each);
  for (const Repacked& each : repacked) repack(each, segments);
  return segments.cached();
}

}  // namespace vram::memory
