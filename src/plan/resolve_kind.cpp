// What kind of model the config describes, as far as defaults depend on it.
#include <algorithm>

#include "plan/launch.h"
#include "units/text.h"

namespace vram::plan {
namespace {

using vllm::PoolingType;

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
  const json::Value* layers = launch.source().config.find("layer_types");
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
  if (launch.source().architecture.starts_with("LlamaBidirectional") ||
      launch.source().architecture.starts_with("LlamaNemotronVL"))
    type = read_pooling(launch.root().text("pooling")).value_or(type);
  const json::Value* given = launch.given.find("pooler_config");
  if (!given || !given->object()) given = launch.given.find("override_pooler_config");
  if (!given || !given->object()) return type;
  for (const char* name : {"pooling_type", "tok_pooling_type", "seq_pooling_type"})
    type = read_pooling(HfConfig(*given).text(name)).value_or(type);
  return type;
}

/// source  vllm/transformers_utils/model_arch_config_convertor.py, get_num_experts
std::int64_t expert_count(const HfConfig& text) {
  constexpr std::string_view kNames[] = {"num_experts", "moe_num_experts", "n_routed_experts", "num_local_experts"};
  if (const auto experts = text.whole_of(kNames); experts && *experts > 0) return *experts;
  std::int64_t most = 0;
  const json::Value* blocks = text.find("block_configs");
  if (!blocks || !blocks->array()) return 0;
  for (const json::Value& block : *blocks->array())
    if (block.object() && HfConfig(block).text("block_type") == "moe")
      most = std::max(most, HfConfig(block).whole("n_routed_experts").value_or(0));
  return most;
}

/// Model types whose attention caches one compressed row.
///
///   source  vllm/transformers_utils/model_arch_config_convertor.py, is_deepseek_mla
bool caches_latent(const HfConfig& text) {
  constexpr std::string_view kTypes[] = {
      "deepseek_v2",  "deepseek_v3", "deepseek_v32",  "deepseek_v4",     "deepseek_v41",   "dots3_note",
      "deepseek_mtp", "k3_dspark",   "glm5_next",     "glm5_next_text",  "glm_moe_dsa",    "glm4_moe_lite",
      "kimi_k2",      "kimi_linear", "longcat_flash", "pangu_ultra_moe", "bailing_hybrid", "longcat_flash_ngram",
      "hy_v4",        "axk1",        "AXK1"};
  const std::string& type = text.model_type();
  if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) return false;
  return text.find("compress_ratios") ? text.has("head_dim") : text.whole("kv_lora_rank").has_value();
}

}  // namespace

Stop classify(Launch& launch) {
  const HfConfig root = launch.root(), text = launch.text();
  launch.hybrid = hybrid(launch);
  launch.attention_free = launch.has(vllm::kAttentionFree);
  launch.multimodal = launch.has(vllm::kMultimodal);
  launch.encoder_decoder = root.truthy("is_encoder_decoder") || text.truthy("is_encoder_decoder");
  launch.causal = causal(launch);
  launch.pooling_type = pooling_type(launch);
  launch.experts = expert_count(text);
  launch.latent_attention = caches_latent(text) && launch.around.variable("VLLM_MLA_DISABLE") != "1";
  return std::nullopt;
}

}  // namespace vram::plan
