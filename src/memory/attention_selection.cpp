#include "memory/attention_selection.h"

#include <array>
#include <span>
#include <vector>

#include "memory/attention_decisions.h"
#include "memory/attention_reasons.h"
#include "memory/cache_format.h"

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using vllm::Step;

// From this day on every backend says itself what it takes.
constexpr Step<bool> kAsks[] = {{{}, false, "vllm v0.11.0 vllm/platforms/cuda.py get_attn_backend_cls"},
                                {{2025, 11, 11}, true, "~vllm v0.11.1, the same"}};
static_assert(well_formed(kAsks));

// The order in which they are asked ----------------------------------------------------------------------------------

enum class DenseFirst { kCutlass, kFlashInfer };
constexpr Step<DenseFirst> kBlackwellDense[] = {
    {{}, DenseFirst::kCutlass, "vllm v0.11.1 vllm/platforms/cuda.py _get_backend_priorities"},
    {{2026, 2, 9}, DenseFirst::kFlashInfer, "~vllm v0.16.0, the same"}};
struct Members {
  bool flashinfer_sparse = false, tokenspeed = false, turboquant = false, consumer = false,
       flash_attention_sparse = false;
  bool composites = false, fa4_sparse = false, quantised_first = false;
};
constexpr Step<Members> kMembers[] = {
    {{}, {}, "vllm v0.11.1 vllm/platforms/cuda.py _get_backend_priorities"},
    {{2026, 3, 4}, {.flashinfer_sparse = true}, "~vllm v0.17.0, the same"},
    {{2026, 3, 30}, {.flashinfer_sparse = true, .quantised_first = true}, "~vllm v0.19.0, the same"},
    {{2026, 4, 20},
     {.flashinfer_sparse = true, .turboquant = true, .quantised_first = true},
     "~vllm v0.20.0, the same"},
    {{2026, 5, 9},
     {.flashinfer_sparse = true, .tokenspeed = true, .turboquant = true, .quantised_first = true},
     "~vllm v0.21.0, the same"},
    {{2026, 6, 23},
     {.flashinfer_sparse = true, .tokenspeed = true, .turboquant = true, .consumer = true, .quantised_first = true},
     "~vllm v0.24.0, the same"},
    {{2026, 7, 5},
     {.flashinfer_sparse = true,
      .tokenspeed = true,
      .turboquant = true,
      .consumer = true,
      .flash_attention_sparse = true,
      .quantised_first = true},
     "~vllm v0.25.0, the same"},
    {{2026, 9, 14},
     {.flashinfer_sparse = true,
      .tokenspeed = true,
      .turboquant = true,
      .consumer = true,
      .flash_attention_sparse = true,
      .composites = true,
      .quantised_first = true},
     "~vllm v0.30.0, the same"},
    {{2026, 11, 5},
     {.flashinfer_sparse = true,
      .tokenspeed = true,
      .turboquant = true,
      .consumer = true,
      .flash_attention_sparse = true,
      .composites = true,
      .fa4_sparse = true,
      .quantised_first = true},
     "~vllm v0.33.0, the same"},
};
static_assert(well_formed(kBlackwellDense) && well_formed(kMembers));

using Order = std::vector<Backend>;

void append_blackwell_sparse(Order& order, const AttentionNeeds& needs, const AttentionContext& context,
                             const Members& members) {
  const bool quantised = members.quantised_first && is_quantised_cache(needs.cache_dtype, context.platform.as_of);
  const bool few_heads = context.query_heads <= 16;
  if (!members.flashinfer_sparse) {
    order.push_back(Backend::kFlashMlaSparse);
  } else if (quantised || few_heads) {
    // FlashMLA pads the heads, and reads no plain fp8.
    if (!quantised && members.fa4_sparse) order.push_back(Backend::kFlashAttnMlaSparseFa4);
    order.insert(order.end(), {Backend::kFlashInferMlaSparse, Backend::kFlashMlaSparse});
  } else {
    order.insert(order.end(), {Backend::kFlashMlaSparse, Backend::kFlashInferMlaSparse});
  }
}

Order latent_order(const AttentionNeeds& needs, const AttentionContext& context) {
  const vllm::Date day = context.platform.as_of;
  const Members& members = vllm::in_force(kMembers, day);
  const int major = context.platform.capability / 10;
  if (major == 12 && members.consumer) return {Backend::kTritonMla, Backend::kFlashInferMlaSparseSm120};
  if (major == 10) {
    Order order = {Backend::kFlashInferMla};
    if (members.tokenspeed) order.push_back(Backend::kTokenspeedMla);
    const bool cutlass_first = vllm::in_force(kBlackwellDense, day) == DenseFirst::kCutlass;
    order.insert(cutlass_first ? order.begin() : order.end(), Backend::kCutlassMla);
    order.insert(order.end(), {Backend::kFlashAttnMla, Backend::kFlashMla, Backend::kTritonMla});
    append_blackwell_sparse(order, needs, context, members);
    return order;
  }
  Order order = {Backend::kFlashAttnMla, Backend::kFlashMla, Backend::kFlashInferMla, Backend::kTritonMla};
  const bool sm90_first = members.composites && needs.head_size == 512;
  if (sm90_first) order.push_back(Backend::kFlashInferMlaSparseSm90);
  if (members.flash_attention_sparse) order.push_back(Backend::kFlashAttnMlaSparse);
  order.push_back(Backend::kFlashMlaSparse);
  if (members.composites && !sm90_first) order.push_back(Backend::kFlashInferMlaSparseSm90);
  return order;
}

Order order_of(const AttentionNeeds& needs, const AttentionContext& context) {
  if (needs.latent) return latent_order(needs, context);
  const Members& members = vllm::in_force(kMembers, context.platform.as_of);
  const int major = context.platform.capability / 10;
  Order order;
  const bool prefix = members.composites && needs.multimodal_prefix;
  if (prefix && major == 10) order.push_back(Backend::kTritonFlashInfer);
  if (prefix && major == 9) order.push_back(Backend::kTritonFlashAttn);
  if (major == 10)
    order.insert(order.end(), {Backend::kFlashInfer, Backend::kFlashAttn});
  else
    order.insert(order.end(), {Backend::kFlashAttn, Backend::kFlashInfer});
  order.insert(order.end(), {Backend::kTritonAttn, Backend::kFlexAttention});
  if (members.turboquant) order.push_back(Backend::kTurboquant);
  return order;
}

// The sentence -------------------------------------------------------------------------------------------------------

// What AttentionSelectorConfig prints, as it grew.
enum class Config { kPlainWords, kFirst, kPerHead, kCausal, kConnector, kWindow, kAdaptive, kContext, kReference };
constexpr Step<Config> kConfig[] = {
    {{}, Config::kPlainWords, "vllm v0.11.1 vllm/platforms/cuda.py get_attn_backend_cls"},
    {{2026, 1, 13}, Config::kFirst, "~vllm v0.14.0 v1/attention/selector.py AttentionSelectorConfig"},
    {{2026, 3, 4}, Config::kPerHead, "~vllm v0.17.0, the same"},
    {{2026, 4, 20}, Config::kCausal, "~vllm v0.20.0, the same"},
    {{2026, 6, 8}, Config::kConnector, "~vllm v0.23.0, the same"},
    {{2026, 7, 18}, Config::kWindow, "~vllm v0.26.0, the same"},
    {{2026, 8, 18}, Config::kAdaptive, "~vllm v0.28.0, the same"},
    {{2026, 8, 31}, Config::kContext, "~vllm v0.29.0, the same"},
    {{2026, 9, 14}, Config::kReference, "~vllm v0.30.0, the same"},
};
static_assert(well_formed(kConfig));

std::string_view python(bool flag) { return flag ? "True" : "False"; }

std::string plain_words(const AttentionNeeds& needs, const AttentionContext& context) {
  std::string text = "head_size: " + std::to_string(needs.head_size);
  text.append(", dtype: torch.").append(name(context.dtype));
  text.append(", kv_cache_dtype: ").append(needs.cache_dtype);
  text.append(", block_size: ").append(needs.block_size ? std::to_string(needs.block_size->count()) : "16");
  text.append(", use_mla: ").append(python(needs.latent.has_value()));
  text.append(", has_sink: ").append(python(needs.sinks));
  return text.append(", use_sparse: ").append(python(needs.latent && needs.latent->sparse));
}

std::string described(const AttentionNeeds& needs, const AttentionContext& context) {
  const Config config = vllm::in_force(kConfig, context.platform.as_of);
  if (config == Config::kPlainWords) return plain_words(needs, context);
  const bool block = needs.block_size && config >= Config::kPerHead;
  std::string text = "AttentionSelectorConfig(head_size=" + std::to_string(needs.head_size);
  const auto add = [&](Config since, std::string_view key, std::string_view value) {
    if (config >= since) text.append(", ").append(key).append("=").append(value);
  };
  add(Config::kFirst, "dtype", "torch." + std::string(name(context.dtype)));
  add(Config::kFirst, "kv_cache_dtype", needs.cache_dtype);
  add(Config::kFirst, "block_size", block ? std::to_string(needs.block_size->count()) : "None");
  add(Config::kFirst, "use_mla", python(needs.latent.has_value()));
  add(Config::kFirst, "has_sink", python(needs.sinks));
  add(Config::kFirst, "use_sparse", python(needs.latent && needs.latent->sparse));
  add(Config::kFirst, "use_mm_prefix", python(needs.multimodal_prefix));
  add(Config::kPerHead, "use_per_head_quant_scales", python(needs.per_head_scales));
  add(Config::kFirst, "attn_type", name(needs.type));
  add(Config::kWindow, "has_sliding_window", python(needs.sliding_window));
  add(Config::kCausal, "use_non_causal", "False");
  add(Config::kCausal, "use_batch_invariant", "False");
  add(Config::kConnector, "use_kv_connector", "False");
  add(Config::kAdaptive, "use_adaptive_verification", "False");
  add(Config::kWindow, "use_pcp", "False");
  add(Config::kContext, "use_dcp", python(context.decode_context_parallel > 1));
  add(Config::kReference, "use_rswa", "False");
  return text + ")";
}

std::string joined(const std::vector<std::string>& words, std::string_view quote) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : ", ").append(quote).append(word).append(quote);
  return text;
}

Error refused(std::string sentence) { return {ErrorCode::kRefused, "", std::move(sentence), ""}; }

Result<Backend> check_wanted(Backend wanted, const AttentionNeeds& needs, const AttentionContext& context) {
  const auto reasons = reasons_against(wanted, needs, context);
  if (reasons.empty()) return wanted;
  return refused("Selected backend AttentionBackendEnum." + std::string(name(wanted, context.platform.as_of)) +
                 " is not valid for this configuration. Reason: [" + joined(reasons, "'") + "]");
}

}  // namespace

Result<AttentionBackend> select_backend(const AttentionNeeds& needs, const AttentionContext& context,
                                        const std::optional<AttentionBackend>& wanted) {
  if (!vllm::in_force(kAsks, context.platform.as_of)) return decided_backend(needs, context, wanted);
  if (wanted) return check_wanted(*wanted, needs, context);
  std::string all;
  for (const Backend backend : order_of(needs, context)) {
    const auto reasons = reasons_against(backend, needs, context);
    if (reasons.empty()) return backend;
    all.append(all.empty() ? "" : ", ").append(name(backend, context.platform.as_of));
    all.append(": [").append(joined(reasons, "")).append("]");
  }
  return refused("No valid attention backend found for cuda with " + described(needs, context) + ". Reasons: {" + all +
                 "}.");
}

}  // namespace vram::memory
