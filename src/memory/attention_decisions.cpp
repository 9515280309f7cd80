#include "memory/attention_decisions.h"

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using vllm::Step;

// What Triton takes over from FlashAttention off Hopper.
struct ForTriton {
  bool sinks = false, fp8 = false;
};
constexpr Step<ForTriton> kForTriton[] = {{{}, {}, "vllm v0.9.2 vllm/platforms/cuda.py get_attn_backend_cls"},
                                          {{2025, 8, 16}, {.sinks = true}, "~vllm v0.10.1, the same"},
                                          {{2025, 9, 30}, {.sinks = true, .fp8 = true}, "~vllm v0.11.0, the same"}};
static_assert(well_formed(kForTriton));

// MLA took more backends than FlashMLA and Triton.
constexpr Step<bool> kManyLatent[] = {{{}, false, "vllm v0.9.2 vllm/platforms/cuda.py get_attn_backend_cls"},
                                      {{2025, 8, 16}, true, "~vllm v0.10.1, the same"}};
static_assert(well_formed(kManyLatent));

Backend latent_backend(const AttentionNeeds& needs, const AttentionContext& context) {
  if (needs.latent->sparse) return Backend::kFlashMlaSparse;
  const bool hopper = context.platform.capability / 10 == 9;
  const std::int64_t block = needs.block_size ? needs.block_size->count() : 16;
  if (vllm::in_force(kManyLatent, context.platform.as_of)) {
    if (context.platform.capability == 100 && block == 128) return Backend::kCutlassMla;
    if (context.platform.capability == 100 && (block == 32 || block == 64)) return Backend::kFlashInferMla;
    if (hopper && block != 64) return Backend::kFlashAttnMla;
  }
  return hopper && block == 64 ? Backend::kFlashMla : Backend::kTritonMla;
}

bool flash_attention_takes(const AttentionNeeds& needs, const AttentionContext& context) {
  const bool halves = context.dtype == Dtype::kFloat16 || context.dtype == Dtype::kBfloat16;
  return halves && needs.head_size % 32 == 0 && needs.head_size <= 256;
}

}  // namespace

Result<AttentionBackend> decided_backend(const AttentionNeeds& needs, const AttentionContext& context,
                                         const std::optional<AttentionBackend>& wanted) {
  if (wanted && !(needs.latent && needs.latent->sparse)) return *wanted;
  if (needs.latent) return latent_backend(needs, context);
  // FlashInfer, the first choice on Blackwell, was an extra that the wheel did not bring along.
  if (context.platform.capability < 80) return Backend::kFlexAttention;
  const ForTriton& triton = vllm::in_force(kForTriton, context.platform.as_of);
  const bool fp8 = needs.cache_dtype.starts_with("fp8");
  if (context.platform.capability != 90 && ((triton.sinks && needs.sinks) || (triton.fp8 && fp8)))
    return Backend::kTritonAttn;
  return flash_attention_takes(needs, context) ? Backend::kFlashAttn : Backend::kFlexAttention;
}

}  // namespace vram::memory
