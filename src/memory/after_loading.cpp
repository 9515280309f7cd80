#include "memory/after_loading.h"

#include <algorithm>
#include <string_view>

#include "memory/packings/formats.h"
#include "memory/parameters.h"
#include "memory/rocm_loading.h"

namespace vram::memory {
namespace {

constexpr std::int64_t kSwizzledColumns = 256;  // Triton's layout for mxfp4 on Hopper
constexpr std::int64_t kFlashInferRows = 128;   // FlashInfer's fp8 kernels for experts without a gate
constexpr Bytes kMlaWorkspace(128 * kMiB);
constexpr std::int64_t kIndexTopK = 2048;  // tokens that sparse attention picks; int32 each

/// vLLM takes FlashInfer's kernels for static fp8 experts from then on.
constexpr vllm::Step<bool> kFlashInferFirst[] = {
    {{}, false, "vllm v0.14.1 fused_moe/oracle/fp8.py"},
    {{2026, 1, 20}, true, "~ vllm v0.19.0 fused_moe/oracle/fp8.py"},
};
static_assert(vllm::well_formed(kFlashInferFirst));

/// Modules of MLA backends that make a workspace as they are imported, chosen or not.
struct Imported {
  std::int64_t blackwell, others;
};
constexpr vllm::Step<Imported> kImported[] = {
    {{}, {0, 0}, "vllm v0.11.0 platforms/cuda.py, get_attn_backend_cls: the chosen one alone"},
    {{2025, 11, 30},
     {2, 1},
     "~ vllm v0.12.0 platforms/cuda.py, get_valid_backends asks every candidate: mla/flashinfer_mla.py, "
     "g_fi_workspace; "
     "mla/cutlass_mla.py, g_sm100_workspace"},
    {{2026, 7, 1}, {1, 0}, "~ vllm v0.25.1 mla/flashinfer_mla.py: made when it is first used"},
};
static_assert(vllm::well_formed(kImported));

std::int64_t padding(std::int64_t amount, std::int64_t multiple) { return round_up(amount, multiple) - amount; }

/// Experts as a rank holds them.
struct Held {
  const Experts& experts;
  std::int64_t count, inner;
};

Held held_experts(const Experts& experts, const Parallel& parallel) {
  const std::int64_t ranks = parallel.expert_ranks();
  if (parallel.whole_experts())
    return {experts, ceil_div(experts.count + parallel.redundant_experts, ranks), experts.intermediate};
  return {experts, experts.count, std::max(ceil_div(experts.intermediate, ranks), experts.least_columns)};
}

std::int64_t rows_in(const Held& held) { return (held.experts.gated ? 2 : 1) * held.inner; }

/// source  vllm v0.19.0 quantization/utils/mxfp4_utils.py, _swizzle_mxfp4; gpt-oss-20b and -120b on 0.14.1: 13.47 and
///         64.38 GiB
Bytes swizzled(const Held& held, const Platform& platform) {
  const auto* packing = std::get_if<Mxfp4>(&held.experts.packing);
  if (!packing || platform.capability != 90 || !packings::run_by_triton(*packing, platform)) return {};
  const std::int64_t first = rows_in(held) * padding(held.experts.hidden, kSwizzledColumns),
                     second = held.experts.hidden * padding(held.inner, kSwizzledColumns);
  return Bytes((first + second) / 2) * held.count;
}

/// source  vllm v0.19.0 quantization/utils/flashinfer_utils.py, align_fp8_moe_weights_for_fi
Bytes aligned(const Held& held, const Platform& platform) {
  const auto* packing = std::get_if<Fp8>(&held.experts.packing);
  const bool library = packing && packing->scale == Fp8::Scale::kTensor && packing->static_input &&
                       platform.capability >= 90 && vllm::in_force(kFlashInferFirst, platform.as_of);
  if (!library || held.experts.gated) return {};
  return Bytes(2 * held.experts.hidden) * padding(held.inner, kFlashInferRows) * held.count;
}

Bytes padded_for_rocm(const Held& held, hardware::Vendor vendor, std::int64_t element, vllm::Date as_of) {
  if (vendor != hardware::Vendor::kAmd || !std::holds_alternative<Unquantised>(held.experts.packing)) return {};
  const auto pad = [&](std::int64_t columns) { return rocm_row_padding(columns * element, as_of); };
  return Bytes(rows_in(held) * pad(held.experts.hidden) + held.experts.hidden * pad(held.inner)) * held.count;
}

/// The orders of inputs that Marlin's kernels do not need where there is no activation order.
///
///   source  vllm v0.19.0 compressed_tensors_moe.py, CompressedTensorsWNA16MarlinMoEMethod: w13_weight_g_idx and the
///           three like it, int32, made empty
Bytes dropped_orders(const Held& held) {
  const auto* packing = std::get_if<PackedInt>(&held.experts.packing);
  if (!packing || packing->reorder) return {};
  return Bytes(2 * 4) * (held.experts.hidden + held.inner) * held.count;
}

/// kv_b_proj once more in the model's dtype, where it is stored in another.
///
///   source  vllm v0.19.0 layers/attention/mla_attention.py, process_weights_after_loading: W_UK_T and W_UV
Bytes absorbed(const Linear& linear, const Parallel& parallel, std::int64_t element) {
  if (linear.name.find("kv_b_proj") == std::string::npos || !std::holds_alternative<Fp8>(linear.packing)) return {};
  std::int64_t rows = 0;
  for (const Columns& columns : linear.outputs) rows += rows_on_rank(columns, parallel.tensor).value_or(0);
  return Bytes(element) * rows * linear.input;
}

Bytes of_layer(const Layer& layer, const Parallel& parallel, const Platform& platform, hardware::Vendor vendor,
               std::int64_t element) {
  Bytes bytes;
  for (const Module& module : layer.modules) {
    if (const auto* linear = std::get_if<Linear>(&module)) bytes += absorbed(*linear, parallel, element);
    const auto* experts = std::get_if<Experts>(&module);
    if (!experts) continue;
    const Held held = held_experts(*experts, parallel);
    bytes +=
        swizzled(held, platform) + aligned(held, platform) + padded_for_rocm(held, vendor, element, platform.as_of);
    bytes -= dropped_orders(held);
  }
  return bytes;
}

/// Workspaces of MLA backends, counted with the model that has them looked for.
Bytes mla_workspaces(const Model& model, const Platform& platform, hardware::Vendor vendor) {
  const auto attends = [](const Layer& layer) {
    return std::ranges::any_of(
        layer.caches, [](const CacheLayer& each) { return std::holds_alternative<LatentAttention>(each.cache); });
  };
  if (vendor != hardware::Vendor::kNvidia || std::ranges::none_of(model.kinds, attends)) return {};
  const Imported imported = vllm::in_force(kImported, platform.as_of);
  return kMlaWorkspace * (platform.capability / 10 == 10 ? imported.blackwell : imported.others);
}

/// Linear layers of which the name has `part` in it.
std::int64_t named(const std::vector<Module>& modules, std::string_view part) {
  return std::ranges::count_if(modules, [&](const Module& module) {
    const auto* linear = std::get_if<Linear>(&module);
    return linear && linear->name.find(part) != std::string::npos;
  });
}

/// source  vllm v0.14.1 models/qwen3_vl.py, deepstack_input_embeds; v0.19.0 models/deepseek_v2.py, topk_indices_buffer
Bytes batch_buffers(const Model& model, const Stage& stage, std::int64_t element, std::int64_t tokens) {
  Bytes bytes;
  const bool sparse =
      std::ranges::any_of(model.kinds, [](const Layer& layer) { return named(layer.modules, "indexer") > 0; });
  if (sparse) bytes += Bytes(4 * kIndexTopK) * tokens;
  for (const Part& part : model.parts)
    // Two layers a merger.
    if (stage.first()) bytes += Bytes(element) * model.hidden * tokens * (named(part.modules, "deepstack") / 2);
  return bytes;
}

}  // namespace

Bytes after_loading(const Model& model, const Parallel& parallel, const Stage& stage, const Platform& platform,
                    hardware::Vendor vendor, std::int64_t tokens) {
  const std::int64_t element = width(model.dtype);
  Bytes bytes = batch_buffers(model, stage, element, tokens) + mla_workspaces(model, platform, vendor);
  std::vector<Bytes> kinds;
  for (const Layer& layer : model.kinds) kinds.push_back(of_layer(layer, parallel, platform, vendor, element));
  for (std::int64_t i = stage.begin; i < stage.end; ++i) bytes += kinds[std::size_t(model.layers[std::size_t(i)])];
  return bytes;
}

}  // namespace vram::memory
