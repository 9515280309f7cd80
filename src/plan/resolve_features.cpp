// Chunked prefill and prefix caching: which kinds of model have them, and which have them by default.
//
// source  vllm v0.33.0 vllm/config/model.py, attn_type, is_chunked_prefill_supported, is_prefix_caching_supported
#include <algorithm>

#include "plan/launch.h"
#include "units/text.h"

namespace vram::plan {
namespace {

using vllm::PoolingType;

/// Before, every generative model had both and pooling models had them with "last" pooling only.
constexpr vllm::Step<bool> kAsksTheModel[] = {
    {{}, false, "vllm v0.10.2 vllm/engine/arg_utils.py, _set_default_args_v1"},
    {{2025, 12, 1}, true, "~vllm v0.14.1 vllm/config/model.py, is_chunked_prefill_supported"},
};
static_assert(vllm::well_formed(kAsksTheModel));

/// source  vllm f9c74b4b9c
constexpr vllm::Step<bool> kHybridsCachePrefixes[] = {
    {{}, false, "vllm v0.25.1 vllm/config/model.py, is_prefix_caching_supported"},
    {{2026, 8, 4}, true, "https://github.com/vllm-project/vllm/commit/f9c74b4b9c"},
};
static_assert(vllm::well_formed(kHybridsCachePrefixes));

struct Features {
  bool chunked_prefill, prefix_caching;
};

Features of_pooling_model(const Launch& launch) {
  const PoolingType type = launch.pooling_type;
  const PoolingType own = launch.facts ? launch.facts->pooling : PoolingType::kLast;
  const bool encoder = own == PoolingType::kCls || !launch.causal || launch.has(vllm::kEncoderOnly);
  if (encoder || launch.encoder_decoder) return {false, false};
  const bool whole = type == PoolingType::kMean || type == PoolingType::kCls || type == PoolingType::kStep;
  return {!whole, !whole};
}

Features of_generative_model(const Launch& launch) {
  if (launch.hybrid) return {true, vllm::in_force(kHybridsCachePrefixes, launch.day)};
  if (launch.attention_free) return {true, false};
  return {!launch.encoder_decoder, !launch.encoder_decoder};
}

/// What V1's first year did: given values hold for pooling models and prefix caching only.
void choose_early(Launch& launch) {
  Deployment& plan = launch.plan;
  const bool last = launch.pooling_type == PoolingType::kLast && launch.causal;
  const bool has_both = launch.pooling() ? last : true;
  plan.chunked_prefill = launch.pooling() ? launch.flag("enable_chunked_prefill").value_or(has_both) : true;
  plan.kv.prefix_caching = launch.flag("enable_prefix_caching").value_or(has_both);
  if ((launch.pooling() && !last) || launch.encoder_decoder) plan.chunked_prefill = plan.kv.prefix_caching = false;
  if (launch.hybrid || launch.attention_free) plan.kv.prefix_caching = false;
}

void choose_features_v1(Launch& launch) {
  Deployment& plan = launch.plan;
  if (!vllm::in_force(kAsksTheModel, launch.day)) return choose_early(launch);
  const Features features = launch.pooling() ? of_pooling_model(launch) : of_generative_model(launch);
  plan.chunked_prefill = launch.flag("enable_chunked_prefill").value_or(features.chunked_prefill);
  plan.kv.prefix_caching = launch.flag("enable_prefix_caching").value_or(features.prefix_caching);
  if (launch.encoder_decoder) plan.chunked_prefill = false;
  if (launch.is_architecture({"UnlimitedOCRForCausalLM"})) plan.kv.prefix_caching = false;
}

}  // namespace

Stop choose_features(Launch& launch) {
  if (launch.plan.kv.v0_engine) {
    choose_features_v0(launch);
  } else {
    choose_features_v1(launch);
    launch.schedule.chunks.always = launch.plan.chunked_prefill;
  }
  return std::nullopt;
}

}  // namespace vram::plan
