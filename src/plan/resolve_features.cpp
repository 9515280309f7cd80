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

/// From then on a class that is built without one recurrent layer is no hybrid.
struct PlainLayers {
  bool attention, full_attention;  // layer_types words that count as plain
};
constexpr vllm::Step<PlainLayers> kPlainLayers[] = {
    {{}, {false, false}, "vllm v0.10.2 vllm/config/__init__.py, is_hybrid"},
    {{2025, 10, 15}, {true, false}, "~vllm v0.14.1 vllm/config/model.py, is_hybrid"},
    {{2026, 10, 1}, {true, true}, "~vllm v0.33.0 vllm/config/model.py, is_hybrid"},
};
static_assert(vllm::well_formed(kPlainLayers));

bool hybrid(const Launch& launch) {
  if (!launch.has(vllm::kHybrid)) return false;
  const PlainLayers& plain = vllm::in_force(kPlainLayers, launch.day);
  const json::Value* layers = launch.source.config.find("layer_types");
  if (!layers || !layers->array() || !plain.attention) return true;
  return !std::all_of(layers->array()->begin(), layers->array()->end(), [&](const json::Value& layer) {
    const std::string* type = layer.string();
    return type && (*type == "attention" || (plain.full_attention && *type == "full_attention"));
  });
}

/// Classes whose configs vLLM turns into encoders.
///
///   source  vllm v0.33.0 vllm/model_executor/models/config.py
bool causal(const Launch& launch) {
  const HfConfig root = launch.root();
  if (launch.is_architecture({"LlamaBidirectionalForSequenceClassification", "LlamaBidirectionalModel",
                              "LlamaNemotronVLForSequenceClassification", "LlamaNemotronVLModel",
                              "VoyageQwen3BidirectionalEmbedModel"}))
    return false;
  if (launch.is_architecture({"Gemma3TextModel"})) return !root.truthy("use_bidirectional_attention");
  if (launch.is_architecture({"JinaEmbeddingsV5Model"}) && root.find("is_decoder") && !root.truthy("is_decoder"))
    return false;
  if (launch.is_architecture({"ColQwen3_5"}))
    return launch.text().text("retrieval_attention_contract") != "bidirectional";
  return !root.find("is_causal") || root.truthy("is_causal");
}

std::optional<PoolingType> read_pooling(std::string_view word) {
  const std::string name = lower(word);
  if (name == "last") return PoolingType::kLast;
  if (name == "cls") return PoolingType::kCls;
  if (name == "mean" || name == "avg") return PoolingType::kMean;
  if (name == "all") return PoolingType::kAll;
  if (name == "step") return PoolingType::kStep;
  return std::nullopt;
}

/// The class's own default, unless the config or --pooler-config says otherwise.
PoolingType pooling_type(const Launch& launch) {
  PoolingType type = launch.facts && launch.has(vllm::kPools) ? launch.facts->pooling : PoolingType::kLast;
  if (launch.source.architecture.starts_with("LlamaBidirectional") ||
      launch.source.architecture.starts_with("LlamaNemotronVL"))
    type = read_pooling(launch.root().text("pooling")).value_or(type);
  const json::Value* given = launch.given.find("pooler_config");
  if (!given || !given->object()) given = launch.given.find("override_pooler_config");
  if (!given || !given->object()) return type;
  for (const char* name : {"pooling_type", "tok_pooling_type", "seq_pooling_type"})
    type = read_pooling(HfConfig(*given).text(name)).value_or(type);
  return type;
}

struct Features {
  bool chunked_prefill, prefix_caching;
};

Features of_pooling_model(const Launch& launch) {
  const PoolingType type = launch.pooling_type;
  const PoolingType own = launch.facts ? launch.facts->pooling : PoolingType::kLast;
  const bool encoder = own == PoolingType::kCls || !launch.causal || launch.has(vllm::kEncoderOnly);
  if (encoder || launch.encoder_decoder) return {false, false};
  if (launch.hybrid || launch.attention_free) return {true, false};
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

}  // namespace

Stop choose_features(Launch& launch) {
  launch.hybrid = hybrid(launch);
  launch.attention_free = launch.has(vllm::kAttentionFree);
  launch.encoder_decoder = launch.root().truthy("is_encoder_decoder") || launch.text().truthy("is_encoder_decoder");
  launch.causal = causal(launch);
  launch.pooling_type = pooling_type(launch);
  Deployment& plan = launch.plan;
  if (!vllm::in_force(kAsksTheModel, launch.day)) {
    choose_early(launch);
    return std::nullopt;
  }
  const Features features = launch.pooling() ? of_pooling_model(launch) : of_generative_model(launch);
  plan.chunked_prefill = launch.flag("enable_chunked_prefill").value_or(features.chunked_prefill);
  plan.kv.prefix_caching = launch.flag("enable_prefix_caching").value_or(features.prefix_caching);
  if (launch.encoder_decoder) plan.chunked_prefill = false;
  if (launch.is_architecture({"UnlimitedOCRForCausalLM"})) plan.kv.prefix_caching = false;
  return std::nullopt;
}

}  // namespace vram::plan
