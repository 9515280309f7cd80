#include "memory/layer_refusals.h"

#include <string>

#include "memory/cache_format.h"

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using vllm::Step;

/// Checkpoints with scales and fp8_e5m2: when the two are compared, and whether compressed-tensors without a
/// kv_cache_scheme passes.
struct ScaleCheck {
  bool before_backend;
  bool needs_declaration;
};
constexpr Step<ScaleCheck> kScaleCheck[] = {
    {{}, {true, false}, "vllm v0.9.2 vllm/attention/layer.py, Attention.__init__; also v0.14.1"},
    {{2026, 1, 27}, {false, false}, "~vllm v0.15.0 vllm/attention/layer.py, _init_kv_cache_quant"},
    {{2026, 6, 23}, {false, true}, "~vllm v0.24.0 model_executor/layers/attention/attention.py, the same"},
};
static_assert(vllm::well_formed(kScaleCheck));

/// Triton's kernels look at the GPU when a layer is made.
struct TritonCheck {
  bool attention = false, latent = false;
};
constexpr Step<TritonCheck> kTritonCheck[] = {
    {{}, {}, "vllm v0.23.0 vllm/v1/attention/backends/triton_attn.py"},
    {{2026, 6, 23}, {.attention = true}, "~vllm v0.24.0, the same, TritonAttentionImpl.__init__"},
    {{2026, 7, 18}, {.attention = true, .latent = true}, "~vllm v0.26.0 backends/mla/triton_mla.py"},
};
static_assert(vllm::well_formed(kTritonCheck));

/// Backends that were chosen whatever the cache, and then refused one in 8 bits.
constexpr Step<bool> kTritonLatentFp8[] = {
    {{}, false, "vllm v0.17.0 vllm/v1/attention/backends/mla/triton_mla.py"},
    {{2026, 3, 16}, true, "~vllm v0.18.0, the same, TritonMLAImpl.__init__"},
};
static_assert(vllm::well_formed(kTritonLatentFp8));

/// FlashAttention asks itself again, of layers for which nobody asked before: those of encoders.
enum class FlashCheck { kFp8, kNone, kNamed };
constexpr Step<FlashCheck> kFlashCheck[] = {
    {{}, FlashCheck::kFp8, "vllm v0.9.2 vllm/v1/attention/backends/flash_attn.py, FlashAttentionImpl; also v0.19.0"},
    {{2026, 6, 23}, FlashCheck::kNone, "~ vllm v0.25.1, the same"},
    {{2026, 8, 3}, FlashCheck::kNamed, "~ vllm v0.28.0, the same: by the cache's own name"},
};
static_assert(vllm::well_formed(kFlashCheck));

constexpr int kFirstWithFp8 = 89, kFirstWithBfloat16 = 80;

Error refused(std::string sentence) { return {ErrorCode::kRefused, "", std::move(sentence), ""}; }

std::optional<Error> scales_refused(const KvScales& scales, std::string_view cache_dtype, const ScaleCheck& check) {
  if (cache_dtype != "fp8_e5m2" || scales.kind == KvScales::Kind::kNone) return std::nullopt;
  if (check.needs_declaration && !scales.declared) return std::nullopt;
  return refused("fp8_e5m2 kv-cache is not supported with fp8 checkpoints.");
}

std::optional<Error> triton_refused(bool latent, std::string_view cache_dtype, const Platform& platform,
                                    const KvShape& settings) {
  const std::string capability =
      std::to_string(platform.capability / 10) + '.' + std::to_string(platform.capability % 10);
  const std::string other = platform.capability < kFirstWithBfloat16 ? "float16" : "bfloat16";
  if (cache_dtype.starts_with("fp8") && platform.capability < kFirstWithFp8)
    return refused("FP8 KV cache is not supported by the Triton " + std::string(latent ? "MLA" : "attention") +
                   " backend on " + settings.device + " (compute capability " + capability +
                   "); native FP8 (fp8e4nv) requires SM89+. Re-run with --kv-cache-dtype " + other + '.');
  if (cache_dtype == "bfloat16" && platform.capability < kFirstWithBfloat16)
    return refused("bfloat16 KV cache is not supported on " + settings.device + " (compute capability " + capability +
                   "); bfloat16 requires SM80+. Re-run with --kv-cache-dtype float16.");
  return std::nullopt;
}

std::optional<Error> flash_refused(const AttentionContext& context, std::string_view cache_dtype) {
  const FlashCheck check = vllm::in_force(kFlashCheck, context.platform.as_of);
  const FlashAttentionHeads heads{.key = context.head_size, .value = context.head_size};
  if (check == FlashCheck::kNone || flash_attention_reads_fp8(context, cache_dtype, heads)) return std::nullopt;
  const std::string_view named = check == FlashCheck::kNamed ? cache_dtype : "fp8";
  return refused("FlashAttention does not support " + std::string(named) + " kv-cache on this device.");
}

}  // namespace

std::optional<Error> refused_before_backend(const KvScales& scales, std::string_view cache_dtype,
                                            const Platform& platform) {
  const ScaleCheck& check = vllm::in_force(kScaleCheck, platform.as_of);
  return check.before_backend ? scales_refused(scales, cache_dtype, check) : std::nullopt;
}

std::optional<Error> refused_with_backend(AttentionBackend backend, const KvScales& scales,
                                          std::string_view cache_dtype, const AttentionContext& context,
                                          const KvShape& settings) {
  const Platform& platform = context.platform;
  const bool latent = backend == Backend::kTritonMla;
  if (is_quantised_cache(cache_dtype, platform.as_of)) {
    if (latent && !vllm::in_force(kTritonLatentFp8, platform.as_of))
      return refused("TritonMLA V1 with FP8 KV cache not yet supported");
    if (backend == Backend::kFlashAttn)
      if (auto error = flash_refused(context, cache_dtype)) return error;
  }
  const TritonCheck& triton = vllm::in_force(kTritonCheck, platform.as_of);
  if ((latent && triton.latent) || (backend == Backend::kTritonAttn && triton.attention))
    if (auto error = triton_refused(latent, cache_dtype, platform, settings)) return error;
  const ScaleCheck& check = vllm::in_force(kScaleCheck, platform.as_of);
  return check.before_backend ? std::nullopt : scales_refused(scales, cache_dtype, check);
}

}  // namespace vram::memory
