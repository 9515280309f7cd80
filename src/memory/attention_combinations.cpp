#include "memory/attention_combinations.h"

#include "memory/cache_format.h"

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using vllm::Step;

// FlashAttention looked at the fp8 cache and the heads together; its sentence changed once.
enum class Fp8Words { kNone, kFirst, kWith512 };
constexpr Step<Fp8Words> kFp8Words[] = {{{}, Fp8Words::kNone, "vllm v0.26.0 v1/attention/backends/flash_attn.py"},
                                        {{2026, 8, 3}, Fp8Words::kFirst, "~vllm v0.27.0, the same"},
                                        {{2026, 10, 1}, Fp8Words::kWith512, "~vllm v0.31.0, the same"}};
static_assert(well_formed(kFp8Words));

// qk_nope_head_dim of FlashInfer's MLA kernels.
enum class Nope { kAny, k128, k64And128, kUpTo192 };
constexpr Step<Nope> kDenseNope[] = {{{}, Nope::kAny, "vllm v0.14.1 v1/attention/backends/mla/flashinfer_mla.py"},
                                     {{2026, 2, 9}, Nope::k128, "~vllm v0.16.0, the same"},
                                     {{2026, 3, 16}, Nope::k64And128, "~vllm v0.18.0, the same"},
                                     {{2026, 3, 30}, Nope::kUpTo192, "~vllm v0.19.0, the same"}};
constexpr Step<Nope> kSparseNope[] = {
    {{}, Nope::k128, "vllm v0.17.0 v1/attention/backends/mla/flashinfer_mla_sparse.py"},
    {{2026, 3, 30}, Nope::kUpTo192, "~vllm v0.19.0, the same"}};
constexpr Step<bool> kNoRopeKernel[] = {{{}, false, "vllm v0.29.0 v1/attention/backends/mla/flashinfer_mla_sparse.py"},
                                        {{2026, 9, 14}, true, "~vllm v0.30.0, the same"}};
constexpr Step<std::string_view> kSparseFlashMlaWords[] = {
    {{},
     "FlashMLA Sparse is only supported on Hopper and Blackwell devices.",
     "vllm v0.11.2 attention/ops/flashmla.py"},
    {{2026, 6, 23},
     "FlashMLA Sparse is only supported on Hopper and Blackwell DC devices.",
     "~vllm v0.24.0 v1/attention/ops/flashmla.py"}};
constexpr Step<bool> kNvfp4OutsideBlackwell[] = {{{}, false, "vllm v0.31.0 v1/attention/backends/flashinfer.py"},
                                                 {{2026, 10, 20}, true, "~vllm v0.32.0, the same"}};
// FlashAttention 3 joined 4 under the composite's causal half.
constexpr Step<bool> kCompositeTakesThree[] = {{{}, false, "vllm v0.30.0 v1/attention/backends/triton_flash_attn.py"},
                                               {{2026, 10, 1}, true, "~vllm v0.31.0, the same"}};
static_assert(well_formed(kDenseNope) && well_formed(kSparseNope) && well_formed(kNoRopeKernel));
static_assert(well_formed(kSparseFlashMlaWords) && well_formed(kNvfp4OutsideBlackwell));
static_assert(well_formed(kCompositeTakesThree));

// FlashAttention is asked about a multimodal prefix together with the heads.
constexpr Step<bool> kAsksForPrefix[] = {{{}, false, "vllm v0.23.0 v1/attention/backends/flash_attn.py"},
                                         {{2026, 6, 23}, true, "~vllm v0.24.0, the same"}};
static_assert(well_formed(kAsksForPrefix));

using Reason = std::optional<std::string>;

int major(const AttentionContext& context) { return context.platform.capability / 10; }

Reason flash_attention_reason(const AttentionNeeds& needs, const AttentionContext& context, bool prefix) {
  const vllm::Date day = context.platform.as_of;
  if (needs.sinks && context.platform.capability < 90) return "sink not supported on compute capability < 9.0";
  const Fp8Words words = vllm::in_force(kFp8Words, day);
  const bool quantised = is_quantised_cache(needs.cache_dtype, day);
  if (words == Fp8Words::kWith512 && prefix && quantised && context.platform.capability == 90)
    return "SM90 FP8 KV with mm_prefix requires Triton";
  const FlashAttentionHeads same{needs.head_size, needs.head_size, needs.sinks, needs.block_size, true};
  if (words != Fp8Words::kNone && quantised && !flash_attention_reads_fp8(context, needs.cache_dtype, same))
    return words == Fp8Words::kFirst
               ? "FP8 KV cache requires FA3 on SM90 or FA4 on SM100"
               : "FP8 KV cache requires FA3 on SM90, FA4 with head_size=512 on SM90, or FA4 on SM100";
  const FlashAttentionHeads keys{needs.head_size, 0, needs.sinks, needs.block_size, true};
  if (prefix && flash_attention_version(context, keys) != 4)
    return "mm_prefix (PrefixLM bidirectional attention) requires FlashAttention v4, which does not resolve for this "
           "head_size";
  return std::nullopt;
}

Reason flashinfer_reason(const AttentionNeeds& needs, const AttentionContext& context) {
  const int m = major(context);
  if (!needs.cache_dtype.starts_with("nvfp4") || !(m == 8 || m == 9 || m == 12)) return std::nullopt;
  if (!vllm::in_force(kNvfp4OutsideBlackwell, context.platform.as_of)) return std::nullopt;
  if (needs.head_size == 64) return "fa2 prefill misreads an NVFP4 KV cache at head_size 64";
  if (needs.sinks) return "the sink prefill wrapper cannot read an NVFP4 KV cache";
  return std::nullopt;
}

Reason composite_reason(Backend backend, const AttentionNeeds& needs, const AttentionContext& context) {
  if (backend == Backend::kTritonFlashInfer) {
    const Reason reason = flashinfer_reason(needs, context);
    return reason ? Reason("FLASHINFER: " + *reason) : std::nullopt;
  }
  Reason reason = flash_attention_reason(needs, context, false);
  const bool three = vllm::in_force(kCompositeTakesThree, context.platform.as_of);
  const auto version = flash_attention_version(context, {needs.head_size, 0, needs.sinks, needs.block_size, true});
  if (!reason && version != 4 && !(three && version == 3))
    reason = three ? "causal route requires FlashAttention v3 or v4" : "causal route requires FlashAttention v4";
  return reason ? Reason("FLASH_ATTN: " + *reason) : std::nullopt;
}

Reason nope_reason(Nope rule, std::int64_t nope, bool sparse) {
  const std::string kernel = sparse ? "FlashInfer MLA Sparse kernel" : "FlashInfer MLA kernel";
  const auto refused = [&](const char* widths) {
    return kernel + " requires qk_nope_head_dim " + widths + ", but got " + std::to_string(nope);
  };
  if (rule == Nope::k128 && nope != 128) return refused("== 128");
  if (rule == Nope::k64And128 && nope != 64 && nope != 128) return refused("in [64, 128]");
  if (rule == Nope::kUpTo192 && !(nope == 128 || nope == 192 || (nope == 64 && !sparse)))
    return refused(sparse ? "in [128, 192]" : "in [64, 128, 192]");
  return std::nullopt;
}

using Latent = AttentionNeeds::Latent;

Reason flashinfer_sparse_reason(const Latent& latent, const AttentionNeeds& needs, const AttentionContext& context,
                                Backend backend) {
  const vllm::Date day = context.platform.as_of;
  if (needs.cache_dtype == "fp8_ds_mla")
    return std::string(name(backend, day)) + " SM10 does not support fp8_ds_mla kv-cache dtype";
  if (latent.rope == 0 && vllm::in_force(kNoRopeKernel, day)) {
    if (latent.nope != 256 || latent.latent != 512)
      return "FlashInfer native no-rope MLA requires qk_nope_head_dim=256 and kv_lora_rank=512, but got "
             "qk_nope_head_dim=" +
             std::to_string(latent.nope) + ", kv_lora_rank=" + std::to_string(latent.latent);
  } else if (Reason reason = nope_reason(vllm::in_force(kSparseNope, day), latent.nope, true)) {
    return reason;
  }
  if (latent.index_topk == 0) return "FlashInfer MLA Sparse requires model with index_topk config";
  return std::nullopt;
}

Reason fa4_sparse_reason(const Latent& latent, const AttentionNeeds& needs, const AttentionContext& context) {
  if (latent.index_topk % 128 != 0 || latent.index_topk == 0)
    return "FA4 sparse MLA requires index_topk % 128 == 0, got " +
           (latent.index_topk ? std::to_string(latent.index_topk) : "None");
  if (latent.latent != 512 || latent.rope != 64)
    return "FA4 sparse MLA requires (kv_lora_rank, qk_rope_head_dim) == (512, 64), got (" +
           std::to_string(latent.latent) + ", " + std::to_string(latent.rope) + ")";
  const std::int64_t heads = context.query_heads * context.decode_context_parallel;
  const bool parallel = context.decode_context_parallel > 1;
  const bool known = heads == 8 || heads == 16 || heads == 32 || heads == 64 || (heads == 128 && !parallel);
  if (!known)
    return "FA4 sparse MLA requires " + std::string(parallel ? "(8, 16, 32, 64)" : "(8, 16, 32, 64, 128)") +
           " gathered query heads, got num_heads=" + std::to_string(context.query_heads) +
           " * dcp_size=" + std::to_string(context.decode_context_parallel);
  return flashinfer_sparse_reason(latent, needs, context, Backend::kFlashAttnMlaSparseFa4);
}

Reason flashmla_sparse_reason(const Latent& latent, const AttentionNeeds& needs, const AttentionContext& context) {
  if (needs.head_size == 512) {
    const std::string_view cache = needs.cache_dtype;
    const bool plain = cache == "auto" || cache == "bfloat16" || cache == "float16" || cache == "fp8_ds_mla";
    if (!plain || major(context) != 9)
      return "FLASHMLA_SPARSE supports head_size 512 only with bf16 or fp8_ds_mla kv-cache on SM90 (NoPE), got "
             "kv_cache_dtype=" +
             std::string(cache) + ", capability=DeviceCapability(major=" + std::to_string(major(context)) +
             ", minor=" + std::to_string(context.platform.capability % 10) + ")";
    if (latent.rope != 0) return "FLASHMLA_SPARSE supports head_size 512 only for rope-free (NoPE) models";
  }
  if (needs.cache_dtype == "nvfp4_ds_mla" && major(context) != 10)
    return "FLASHMLA_SPARSE only supports the nvfp4_ds_mla kv-cache dtype on SM100 (Blackwell)";
  return std::nullopt;
}

Reason flash_attention_sparse_reason(const Latent& latent, const AttentionNeeds& needs,
                                     const AttentionContext& context) {
  if (needs.cache_dtype != "auto" && needs.cache_dtype != "float16" && needs.cache_dtype != "bfloat16")
    return "FlashAttention MLA Sparse currently supports only FP16/BF16 KV cache";
  if (major(context) != 9) return "FlashAttention MLA not supported on this device";
  if (context.decode_context_parallel > 1) return "FlashAttention MLA Sparse does not support DCP for now";
  if (latent.index_topk == 0) return "FlashAttention MLA Sparse requires model with index_topk";
  return std::nullopt;
}

Reason sm90_sparse_reason(const Latent& latent) {
  if (!latent.sparse) return "FLASHINFER_MLA_SPARSE_SM90 requires sparse MLA";
  if (latent.latent != 512) return "FLASHINFER_MLA_SPARSE_SM90 requires kv_lora_rank=512";
  if (latent.rope != 0 && latent.rope != 64) return "FLASHINFER_MLA_SPARSE_SM90 requires qk_rope_head_dim in (0, 64)";
  return std::nullopt;
}

Reason sm120_sparse_reason(const Latent& latent, const AttentionNeeds& needs, const AttentionContext& context) {
  if (context.dtype != Dtype::kBfloat16) return "dtype not supported";
  const std::string_view cache = needs.cache_dtype;
  if (cache != "auto" && cache != "fp8" && cache != "fp8_e4m3" && cache != "fp8_ds_mla")
    return "kv_cache_dtype not supported";
  if (latent.index_topk == 0) return "FLASHINFER_MLA_SPARSE_SM120 requires a model with index_topk config";
  if (latent.index_topk != 2048)
    return "FLASHINFER_MLA_SPARSE_SM120 requires index_topk=2048; got " + std::to_string(latent.index_topk);
  return std::nullopt;
}

Reason dense_reason(Backend backend, const Latent& latent, const AttentionContext& context, bool mla) {
  const vllm::Date day = context.platform.as_of;
  const bool hopper = major(context) == 9;
  if (backend == Backend::kFlashAttnMla && !hopper) return "FlashAttention MLA not supported on this device";
  if (backend == Backend::kFlashMla && latent.sparse && !hopper && major(context) != 10)
    return std::string(vllm::in_force(kSparseFlashMlaWords, day));
  if (backend == Backend::kFlashMla && !latent.sparse && !hopper)
    return "FlashMLA Dense is only supported on Hopper devices.";
  if (backend == Backend::kFlashInferMla)
    return nope_reason(vllm::in_force(kDenseNope, day), mla ? latent.nope : 1, false);
  if (backend == Backend::kTokenspeedMla && (latent.nope != 128 || latent.rope != 64 || latent.value != 128))
    return "tokenspeed_mla requires DeepSeek R1 MLA dimensions (qk_nope_head_dim=128, qk_rope_head_dim=64, "
           "v_head_dim=128), got (" +
           std::to_string(latent.nope) + ", " + std::to_string(latent.rope) + ", " + std::to_string(latent.value) + ')';
  return std::nullopt;
}

}  // namespace

std::optional<std::string> combination_reason(AttentionBackend backend, const AttentionNeeds& needs,
                                              const AttentionContext& context) {
  const Latent latent = needs.latent.value_or(Latent{});
  if (backend == Backend::kFlashAttn) {
    const bool prefix = needs.multimodal_prefix;
    return flash_attention_reason(needs, context, prefix && vllm::in_force(kAsksForPrefix, context.platform.as_of));
  }
  if (backend == Backend::kFlashInfer) return flashinfer_reason(needs, context);
  if (backend == Backend::kTritonFlashAttn || backend == Backend::kTritonFlashInfer)
    return composite_reason(backend, needs, context);
  if (backend == Backend::kFlashAttnMlaSparse) return flash_attention_sparse_reason(latent, needs, context);
  if (backend == Backend::kFlashAttnMlaSparseFa4) return fa4_sparse_reason(latent, needs, context);
  if (backend == Backend::kFlashMlaSparse) return flashmla_sparse_reason(latent, needs, context);
  if (backend == Backend::kFlashInferMlaSparse) return flashinfer_sparse_reason(latent, needs, context, backend);
  if (backend == Backend::kFlashInferMlaSparseSm90) return sm90_sparse_reason(latent);
  if (backend == Backend::kFlashInferMlaSparseSm120) return sm120_sparse_reason(latent, needs, context);
  return dense_reason(backend, latent, context, needs.latent.has_value());
}

}  // namespace vram::memory
