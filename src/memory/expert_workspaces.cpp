#include "memory/expert_workspaces.h"

#include <algorithm>

namespace vram::memory {
namespace {

/// Expert workspaces outlive the forward pass once vLLM keeps them in its workspace manager.
constexpr vllm::Step<bool> kManaged[] = {
    {{}, false, "vllm v0.12 fused_experts"},
    {{2025, 12, 12}, true, "https://github.com/vllm-project/vllm/pull/27532"},
};
static_assert(vllm::well_formed(kManaged));

/// Which kernel takes experts of block-wise fp8 on compute capability 9.0.
enum class Hopper { kTriton, kFlashInfer, kTritonUnlessDealt };
constexpr vllm::Step<Hopper> kHopperBlocks[] = {
    {{}, Hopper::kTriton, "vllm v0.14.1 fused_moe/oracle/fp8.py"},
    {{2026, 1, 20}, Hopper::kFlashInfer, "~ DeepSeek-V3.2 on 0.16.0: four start-ups without a workspace in the peak"},
    {{2026, 3, 1}, Hopper::kTritonUnlessDealt, "~ vllm v0.19.0 fused_moe/oracle/fp8.py, _get_priority_backends"},
};
static_assert(vllm::well_formed(kHopperBlocks));

/// FlashInfer's kernels are tried first for experts with a scale a tensor.
constexpr vllm::Step<bool> kFlashInferFirst[] = {
    {{}, false, "vllm v0.14.1 fused_moe/oracle/fp8.py"},
    {{2026, 1, 20}, true, "~ vllm v0.19.0 fused_moe/oracle/fp8.py, _AVAILABLE_BACKENDS"},
};
static_assert(vllm::well_formed(kFlashInferFirst));

/// From then on Marlin's buffers come from the workspace manager too.
constexpr vllm::Step<bool> kMarlinManaged[] = {
    {{}, false, "vllm v0.19.0 compressed_tensors_moe.py, fused_marlin_moe"},
    {{2026, 5, 15}, true, "~ vllm v0.25.1 fused_moe/oracle/int_wna16.py, MarlinExperts"},
};
static_assert(vllm::well_formed(kMarlinManaged));

/// From then on Blackwell prefers FlashInfer's kernels for experts in the model's own dtype.
constexpr vllm::Step<bool> kBlackwellUnquantised[] = {
    {{}, false, "vllm v0.19.0 fused_moe/oracle/unquantized.py"},
    {{2026, 6, 1}, true, "~ vllm v0.25.1 fused_moe/oracle/unquantized.py, _get_priority_backends"},
};
static_assert(vllm::well_formed(kBlackwellUnquantised));

enum class Kernel { kTriton, kMarlin, kOwnBuffers };  // kOwnBuffers: the library allocates, or works in place

Kernel kernel_for(const Fp8& packing, const Parallel& parallel, const Platform& platform) {
  const bool blackwell = platform.capability >= 100 && platform.capability < 120;
  if (packing.scale == Fp8::Scale::kChannel) return Kernel::kTriton;
  const bool first = vllm::in_force(kFlashInferFirst, platform.as_of);
  if (packing.scale == Fp8::Scale::kTensor) {
    const bool library = first && packing.static_input && platform.capability >= 90;
    return library ? Kernel::kOwnBuffers : Kernel::kTriton;
  }
  if (blackwell && first) return Kernel::kOwnBuffers;
  if (platform.capability != 90) return Kernel::kTriton;
  const Hopper hopper = vllm::in_force(kHopperBlocks, platform.as_of);
  const bool triton = hopper == Hopper::kTriton || (hopper == Hopper::kTritonUnlessDealt && !parallel.whole_experts());
  return triton ? Kernel::kTriton : Kernel::kOwnBuffers;
}

struct Choose {
  const Parallel& parallel;
  const Platform& platform;

  Kernel operator()(const Fp8& packing) const { return kernel_for(packing, parallel, platform); }
  Kernel operator()(const Unquantised&) const {
    const bool library = platform.capability >= 100 && platform.capability < 120 &&
                         vllm::in_force(kBlackwellUnquantised, platform.as_of);
    return library ? Kernel::kOwnBuffers : Kernel::kTriton;
  }
  Kernel operator()(const Gptq&) const { return Kernel::kMarlin; }
  Kernel operator()(const Awq&) const { return Kernel::kMarlin; }
  Kernel operator()(const PackedInt&) const { return Kernel::kMarlin; }
  Kernel operator()(const Nvfp4&) const { return platform.capability >= 100 ? Kernel::kOwnBuffers : Kernel::kMarlin; }
  Kernel operator()(const Mxfp4&) const {
    return platform.capability >= 90 && platform.capability < 120 ? Kernel::kOwnBuffers : Kernel::kMarlin;
  }
  template <class Other>
  Kernel operator()(const Other&) const {
    return Kernel::kTriton;
  }
};

/// Both workspaces of the modular kernels: a row of each for every token and expert it goes to.
Bytes both_workspaces(const Experts& experts, const Parallel& parallel, std::int64_t tokens, std::int64_t element) {
  const std::int64_t inner =
      parallel.expert ? experts.intermediate : ceil_div(experts.intermediate, parallel.expert_ranks());
  const Bytes row = Bytes(element) * experts.per_token;
  const Bytes first = row * std::max(inner, experts.hidden),
              second = row * std::max((experts.gated ? 2 : 1) * inner, experts.hidden);
  return (first + second) * tokens;
}

}  // namespace

ExpertWorkspaces expert_workspaces(const Model& model, const Parallel& parallel, const Platform& platform,
                                   std::int64_t tokens, std::int64_t element) {
  ExpertWorkspaces most;
  const bool managed = vllm::in_force(kManaged, platform.as_of);
  for (const Layer& layer : model.kinds)
    for (const Module& module : layer.modules) {
      const auto* experts = std::get_if<Experts>(&module);
      if (!experts) continue;
      const Kernel kernel = std::visit(Choose{parallel, platform}, experts->packing);
      const Bytes both = both_workspaces(*experts, parallel, tokens, element);
      const bool kept = kernel == Kernel::kTriton
                            ? managed
                            : kernel == Kernel::kMarlin && managed && vllm::in_force(kMarlinManaged, platform.as_of);
      Bytes& where = kernel == Kernel::kOwnBuffers ? most.tuning : kept ? most.persistent : most.transient;
      where = std::max(where, both);
    }
  return most;
}

}  // namespace vram::memory
