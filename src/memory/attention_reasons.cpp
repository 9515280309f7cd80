#include "memory/attention_reasons.h"

#include <optional>

#include "memory/attention_combinations.h"
#include "memory/attention_support.h"
#include "memory/cache_format.h"

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using vllm::Step;

// What vLLM asks besides heads, dtypes and capabilities: each step adds a question.
enum class Asks { kFirst, kPrefixes, kPerHeadScales, kBlockSizes, kPrefixesOfFour, kWindows, kContexts };
constexpr Step<Asks> kAsks[] = {
    {{}, Asks::kFirst, "vllm v0.11.2 vllm/attention/backends/abstract.py validate_configuration"},
    {{2026, 1, 13}, Asks::kPrefixes, "~vllm v0.14.0 v1/attention/backend.py"},
    {{2026, 3, 4}, Asks::kPerHeadScales, "~vllm v0.17.0, the same"},
    {{2026, 3, 9}, Asks::kBlockSizes, "https://github.com/vllm-project/vllm/commit/77a73458e3"},
    {{2026, 6, 23}, Asks::kPrefixesOfFour, "~vllm v0.24.0 v1/attention/backends/flash_attn.py supports_mm_prefix"},
    {{2026, 7, 18}, Asks::kWindows, "~vllm v0.26.0 v1/attention/backend.py"},
    {{2026, 9, 14}, Asks::kContexts, "~vllm v0.30.0, the same"},
};
static_assert(well_formed(kAsks));

// Capabilities on which FlashInfer takes sinks besides sm10x.
enum class FlashInferSinks { kBlackwell, kAndConsumer, kAndHopper };
constexpr Step<FlashInferSinks> kFlashInferSinks[] = {
    {{}, FlashInferSinks::kBlackwell, "vllm v0.11.1 v1/attention/backends/flashinfer.py supports_sink"},
    {{2026, 8, 18}, FlashInferSinks::kAndConsumer, "~vllm v0.28.0, the same"},
    {{2026, 9, 14}, FlashInferSinks::kAndHopper, "~vllm v0.30.0, the same"},
};
static_assert(well_formed(kFlashInferSinks));

// FlashAttention 4 came to serve sinks too.
constexpr Step<bool> kFourTakesSinks[] = {{{}, false, "vllm v0.19.0 v1/attention/backends/fa_utils.py"},
                                          {{2026, 4, 20}, true, "~vllm v0.20.0, the same"}};
static_assert(well_formed(kFourTakesSinks));

bool flash_attention_takes_sinks(const AttentionContext& context) {
  const auto version = flash_attention_version(context);
  return version == 3 || (version == 4 && vllm::in_force(kFourTakesSinks, context.platform.as_of));
}

bool flashinfer_takes_sinks(const AttentionContext& context) {
  const FlashInferSinks rule = vllm::in_force(kFlashInferSinks, context.platform.as_of);
  return (context.platform.capability / 10) == 10 ||
         ((context.platform.capability / 10) == 12 && rule != FlashInferSinks::kBlackwell) ||
         (context.platform.capability == 90 && rule == FlashInferSinks::kAndHopper);
}

bool takes_sinks(Backend backend, const AttentionContext& context) {
  if (backend == Backend::kFlashAttn) return flash_attention_takes_sinks(context);
  if (backend == Backend::kFlashInfer) return flashinfer_takes_sinks(context);
  return backend == Backend::kTritonAttn;
}

bool takes_multimodal_prefix(Backend backend, const AttentionContext& context, Asks asks) {
  if (backend == Backend::kFlashAttn) return asks >= Asks::kPrefixesOfFour && flash_attention_4_runs(context.platform);
  return backend == Backend::kTritonAttn || backend == Backend::kFlexAttention ||
         backend == Backend::kTritonFlashAttn || backend == Backend::kTritonFlashInfer;
}

bool takes_sliding_window(Backend backend) {
  return backend == Backend::kFlashAttn || backend == Backend::kFlashInfer || backend == Backend::kTritonAttn ||
         backend == Backend::kFlexAttention || backend == Backend::kTritonFlashAttn ||
         backend == Backend::kTritonFlashInfer;
}

bool takes_type(Backend backend, AttentionType type, Asks asks) {
  if (type == AttentionType::kDecoder || backend == Backend::kFlashAttn) return true;
  if (backend == Backend::kTritonAttn) return asks >= Asks::kPrefixes;
  return backend == Backend::kFlexAttention && type == AttentionType::kEncoderOnly;
}

bool takes_cache(Backend backend, const Support& table, const AttentionNeeds& needs, const AttentionContext& context) {
  if (!table.cache) return false;
  if (backend == Backend::kFlashAttn && cache_format(needs.cache_dtype, context.dtype).element != context.dtype &&
      width(cache_format(needs.cache_dtype, context.dtype).element) == 1)
    return flash_attention_reads_fp8(context, needs.cache_dtype);
  return true;
}

/// A composite's halves must both take the layer; its own class declines what neither was made for.
Support composite_support(Backend backend, const AttentionNeeds& needs, const AttentionContext& context) {
  const bool with_flashinfer = backend == Backend::kTritonFlashInfer;
  const Backend causal = with_flashinfer ? Backend::kFlashInfer : Backend::kFlashAttn;
  const Support first =
      support(Backend::kTritonAttn, context.dtype, needs.cache_dtype, needs.head_size, context.platform);
  const Support second = support(causal, context.dtype, needs.cache_dtype, needs.head_size, context.platform);
  Support both;
  both.dtype = first.dtype && second.dtype;
  both.cache = takes_cache(Backend::kTritonAttn, first, needs, context) && takes_cache(causal, second, needs, context);
  both.head = first.head && second.head && (needs.head_size == 256 || needs.head_size == 512);
  both.capability = second.capability && context.platform.capability / 10 == (with_flashinfer ? 10 : 9);
  return both;
}

bool is_composite(Backend backend) {
  return backend == Backend::kTritonFlashAttn || backend == Backend::kTritonFlashInfer;
}

Support asked(Backend backend, const AttentionNeeds& needs, const AttentionContext& context) {
  if (is_composite(backend)) return composite_support(backend, needs, context);
  Support table = support(backend, context.dtype, needs.cache_dtype, needs.head_size, context.platform);
  table.cache = takes_cache(backend, table, needs, context);
  return table;
}

}  // namespace

std::string_view name(AttentionType type) {
  constexpr std::string_view kTypes[] = {"AttentionType.DECODER", "AttentionType.ENCODER", "AttentionType.ENCODER_ONLY",
                                         "AttentionType.ENCODER_DECODER"};
  return kTypes[std::size_t(type)];
}

std::vector<std::string> reasons_against(AttentionBackend backend, const AttentionNeeds& needs,
                                         const AttentionContext& context) {
  const Asks asks = vllm::in_force(kAsks, context.platform.as_of);
  const Support table = asked(backend, needs, context);
  const bool mla = needs.latent.has_value(), sparse = mla && needs.latent->sparse;
  std::vector<std::string> reasons;
  const auto unless = [&](bool good, std::string reason) {
    if (!good) reasons.push_back(std::move(reason));
  };
  unless(table.head, "head_size not supported");
  unless(table.dtype, "dtype not supported");
  unless(table.cache, "kv_cache_dtype not supported");
  if (asks >= Asks::kBlockSizes && needs.block_size)
    unless(supports_block_size(backend, context, *needs.block_size), "block_size not supported");
  if (asks >= Asks::kPrefixes && needs.multimodal_prefix)
    unless(takes_multimodal_prefix(backend, context, asks), "partial multimodal token full attention not supported");
  unless(mla == table.mla, mla ? "MLA not supported" : "non-MLA not supported");
  if (needs.sinks)
    unless(takes_sinks(backend, context),
           asks >= Asks::kBlockSizes ? "attention sinks not supported" : "sink setting not supported");
  unless(sparse == table.sparse, sparse ? "sparse not supported" : "non-sparse not supported");
  if (needs.per_head_scales && asks >= Asks::kPerHeadScales)
    unless(backend == Backend::kFlashAttn && flash_attention_version(context).value_or(0) >= 3,
           "per-head quant scales not supported");
  unless(table.capability, "compute capability not supported");
  unless(takes_type(backend, needs.type, asks), "attention type " + std::string(name(needs.type)) + " not supported");
  if (asks >= Asks::kWindows && needs.sliding_window)
    unless(takes_sliding_window(backend), "sliding window not supported");
  if (asks >= Asks::kContexts && context.decode_context_parallel > 1)
    unless(table.context_parallel, "DCP not supported");
  if (auto reason = combination_reason(backend, needs, context)) reasons.push_back(*std::move(reason));
  return reasons;
}

}  // namespace vram::memory
