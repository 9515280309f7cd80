// 4-bit floats with a power of two per 32 inputs. Expert kernels want their sizes rounded up, each in its own way, and
// vLLM creates the tensors with the sizes of the kernel that it will run.
#include "memory/packings/formats.h"

namespace vram::memory::packings {
namespace {

constexpr std::int64_t kGroup = 32;

enum class Kernel { kMarlin, kTriton, kTrtllm, kHumming };

/// Capabilities in [from, below) run OpenAI's Triton kernels.
struct TritonRange {
  int from, below;
};
constexpr vllm::Step<TritonRange> kTriton[] = {
    {{}, {0, 0}, "vllm v0.10.2: the wheel has no triton_kernels; also v0.11.2"},
    {{2025, 11, 30}, {90, 110}, "~vllm v0.12.0 layers/quantization/mxfp4.py get_mxfp4_backend; not in v0.11.2"},
};
static_assert(vllm::well_formed(kTriton));

/// FlashInfer's TRTLLM experts are the only ones for compute capability 10.x wherever FlashInfer is installed.
constexpr vllm::Step<bool> kFlashInferInstalled[] = {
    {{}, false, "vllm v0.10.2 setup.py: an extra; also v0.11.0"},
    {{2025, 11, 11}, true, "~vllm v0.11.1 requirements/cuda.txt: flashinfer-python"},
};
static_assert(vllm::well_formed(kFlashInferInstalled));

constexpr vllm::Step<bool> kTritonTakesLora[] = {
    {{}, true, "vllm v0.12.0 mxfp4.py get_mxfp4_backend_with_lora; also v0.13.0"},
    {{2026, 1, 13}, false, "~vllm v0.14.1 get_mxfp4_backend_with_lora: only where VLLM_MXFP4_USE_MARLIN=0"},
};
static_assert(vllm::well_formed(kTritonTakesLora));

constexpr vllm::Step<std::int64_t> kTrtllmRows[] = {
    {{}, 256, "vllm v0.10.2 mxfp4.py Mxfp4MoEMethod.create_weights; also v0.26.0 fused_moe/oracle/mxfp4.py"},
    {{2026, 8, 3}, 128, "~vllm v0.27.0 oracle/mxfp4.py mxfp4_round_up_hidden_size_and_intermediate_size"},
};
static_assert(vllm::well_formed(kTrtllmRows));

// Hopper's Humming kernels ahead of Marlin's; they round up less.
constexpr vllm::Step<bool> kHummingFirst[] = {
    {{}, false, "vllm v0.31.0 fused_moe/oracle/mxfp4.py"},
    {{2026, 10, 20}, true, "~vllm v0.32.0 the same, _get_priority_backends; quantization/utils/humming/priority.py"},
};
static_assert(vllm::well_formed(kHummingFirst));

constexpr vllm::Step<bool> kAlwaysBiased[] = {
    {{}, true, "vllm v0.10.2 mxfp4.py Mxfp4MoEMethod.create_weights; also v0.18.0"},
    {{2026, 3, 30}, false, "vllm v0.19.0 mxfp4.py: where the experts have biases"},
};
static_assert(vllm::well_formed(kAlwaysBiased));

/// source  vllm/model_executor/layers/quantization/mxfp4.py get_mxfp4_backend; fused_moe/oracle/mxfp4.py
///         select_mxfp4_moe_backend and select_deepseek_v4_mxfp4_moe_backend
Kernel kernel_for(const Mxfp4& format, const Platform& platform) {
  const TritonRange triton = vllm::in_force(kTriton, platform.as_of);
  if (platform.capability / 10 == 10 && !platform.lora && vllm::in_force(kFlashInferInstalled, platform.as_of))
    return Kernel::kTrtllm;
  const bool triton_runs = platform.capability >= triton.from && platform.capability < triton.below;
  const bool triton_serves = !platform.lora || vllm::in_force(kTritonTakesLora, platform.as_of);
  if (format.model == Mxfp4::Model::kGptOss) return triton_runs && triton_serves ? Kernel::kTriton : Kernel::kMarlin;
  const bool humming = platform.capability / 10 == 9 && !platform.lora && vllm::in_force(kHummingFirst, platform.as_of);
  return humming ? Kernel::kHumming : Kernel::kMarlin;
}

struct Sizes {
  std::int64_t hidden, intermediate;
};

Sizes padded(const Mxfp4& format, const ExpertsOnRank& experts, const Creation& creation) {
  if (format.maker != Maker::kVllm) return {experts.hidden, experts.intermediate};
  switch (kernel_for(format, creation.platform)) {
    case Kernel::kMarlin:
      return {round_up(experts.hidden, 256), round_up(experts.intermediate, 128)};
    case Kernel::kTriton:
    case Kernel::kHumming:
      return {experts.hidden, round_up(experts.intermediate, 64)};
    case Kernel::kTrtllm:
      return {round_up(experts.hidden, 256),
              round_up(experts.intermediate, vllm::in_force(kTrtllmRows, creation.platform.as_of))};
  }
  return {experts.hidden, experts.intermediate};
}

}  // namespace

bool run_by_triton(const Mxfp4& format, const Platform& platform) {
  return kernel_for(format, platform) == Kernel::kTriton;
}

/// source  vllm/model_executor/layers/quantization/compressed_tensors/schemes/compressed_tensors_w4a4_mxfp4.py and
///         _w4a16_mxfp4.py; quark/schemes/quark_ocp_mx.py
Outcome create(const Mxfp4& format, const LinearOnRank& linear, const Creation&, const Tensors& tensors) {
  const bool packed = format.maker == Maker::kCompressedTensors;
  tensors.add(packed ? "weight_packed" : "weight", {linear.output(), linear.input / 2}, Dtype::kUint8);
  tensors.add("weight_scale", {linear.output(), linear.input / kGroup}, Dtype::kUint8);
  return std::nullopt;
}

/// source  vllm/model_executor/layers/quantization/mxfp4.py; compressed_tensors/compressed_tensors_moe
///         (CompressedTensorsW4A4Mxfp4MoEMethod), which does not pad
Outcome create(const Mxfp4& format, const ExpertsOnRank& experts, const Creation& creation, const Tensors& tensors) {
  const Sizes sizes = padded(format, experts, creation);
  const std::int64_t n = experts.count, rows = experts.shards() * sizes.intermediate;
  const bool packed = format.maker == Maker::kCompressedTensors;
  tensors.add(packed ? "w13_weight_packed" : "w13_weight", {n, rows, sizes.hidden / 2}, Dtype::kUint8);
  tensors.add("w13_weight_scale", {n, rows, sizes.hidden / kGroup}, Dtype::kUint8);
  tensors.add(packed ? "w2_weight_packed" : "w2_weight", {n, sizes.hidden, sizes.intermediate / 2}, Dtype::kUint8);
  tensors.add("w2_weight_scale", {n, sizes.hidden, sizes.intermediate / kGroup}, Dtype::kUint8);
  const bool own = format.maker == Maker::kVllm;
  if (own && (experts.bias || vllm::in_force(kAlwaysBiased, creation.platform.as_of))) {
    tensors.add("w13_bias", {n, rows}, Dtype::kBfloat16);
    tensors.add("w2_bias", {n, sizes.hidden}, Dtype::kBfloat16);
  }
  return std::nullopt;
}

}  // namespace vram::memory::packings
