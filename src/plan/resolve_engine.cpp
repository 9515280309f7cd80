// Which runner drives the model, and how many batches it keeps in flight.
//
// source  vllm v0.33.0 vllm/config/vllm.py, use_v2_model_runner, max_concurrent_batches, __post_init__
#include <algorithm>

#include "plan/launch.h"

namespace vram::plan {
namespace {

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Which models get Model Runner V2 when nobody says.
enum class V2 { kNone, kQwen3, kDenseThree, kDenseFiveNames, kDense, kDenseAndMore, kAll };
constexpr vllm::Step<V2> kRunner[] = {
    {{}, V2::kNone, "vllm v0.19.0 vllm/config/vllm.py, use_v2_model_runner"},
    {{2026, 5, 14}, V2::kQwen3, "https://github.com/vllm-project/vllm/commit/ae4f59f0ec"},
    {{2026, 6, 2}, V2::kDenseThree, "https://github.com/vllm-project/vllm/commit/da107a59e5"},
    {{2026, 6, 12}, V2::kDenseFiveNames, "https://github.com/vllm-project/vllm/commit/78739c1946"},
    {{2026, 7, 2}, V2::kDense, "https://github.com/vllm-project/vllm/commit/a2f713002d"},
    {{2026, 8, 1}, V2::kDenseAndMore, "~vllm v0.28.0 vllm/config/vllm.py, DEFAULT_V2_MODEL_RUNNER_ARCHITECTURES"},
    {{2026, 9, 25}, V2::kAll, "~vllm v0.33.0 vllm/config/vllm.py, use_v2_model_runner"},
};
static_assert(vllm::well_formed(kRunner));

bool default_model(const Launch& launch, V2 stage) {
  const std::string& name = launch.source.architecture;
  const bool plain = launch.plan.quantization.empty();
  const bool first_moe = one_of(name, {"DeepseekV2ForCausalLM", "Qwen2MoeForCausalLM", "GraniteMoeForCausalLM"});
  const bool later_moe = one_of(name, {"DeepseekV4ForCausalLM", "InklingForCausalLM", "InklingForConditionalGeneration",
                                       "KimiK3ForConditionalGeneration", "LongcatFlashNgramForCausalLM"});
  if (launch.pooling() || launch.attention_free) return false;
  switch (stage) {
    case V2::kNone:
      return false;
    case V2::kQwen3:
      return plain && name == "Qwen3ForCausalLM";
    case V2::kDenseThree:
      return plain && one_of(name, {"Qwen3ForCausalLM", "LlamaForCausalLM", "MistralForCausalLM"});
    case V2::kDenseFiveNames:
      return (plain && one_of(name, {"Qwen3ForCausalLM", "LlamaForCausalLM", "MistralForCausalLM"})) ||
             one_of(name, {"DeepseekV2ForCausalLM", "Qwen2MoeForCausalLM"});
    case V2::kDense:
      return !launch.hybrid && (first_moe || launch.experts == 0);
    case V2::kDenseAndMore:
      return first_moe || later_moe || (!launch.hybrid && launch.experts == 0);
    case V2::kAll:
      return true;
  }
  return false;
}

/// What keeps a default model on the first runner.
bool lacks_feature(const Launch& launch, V2 stage) {
  const memory::KvSettings& kv = launch.plan.kv;
  const std::string& method = kv.speculative_method;
  const bool stages = launch.plan.parallel.pipeline > 1;
  const json::Value* speculative = launch.given.find("speculative_config");
  const bool parallel_drafting =
      speculative && HfConfig(*speculative).truthy("parallel_drafting") && !one_of(method, {"dflash", "dspark"});
  const bool external = launch.text("distributed_executor_backend") == "external_launcher" && stages;
  const bool overlap = launch.given.flag_or("enable_dbo", false);
  if (external || parallel_drafting || overlap) return true;
  if (stage == V2::kAll) return one_of(method, {"suffix", "custom_class"});
  return (!method.empty() && !one_of(method, {"eagle", "eagle3", "mtp", "dflash", "dspark"})) ||
         (method == "eagle3" && stages) || launch.given.flag_or("enable_elastic_ep", false) ||
         launch.given.has("logits_processors") || launch.given.flag_or("enable_prompt_embeds", false) ||
         launch.given.flag_or("kv_sharing_fast_prefill", false) ||
         (stage == V2::kDense &&
          (launch.given.has("ec_transfer_config") || launch.given.flag_or("enable_return_routed_experts", false) ||
           one_of(launch.text("logprobs_mode"), {"raw_logits", "processed_logits"})));
}

bool runs_v2(const Launch& launch) {
  const std::string_view asked = launch.around.variable("VLLM_USE_V2_MODEL_RUNNER");
  const V2 stage = vllm::in_force(kRunner, launch.day);
  if (stage == V2::kNone) return false;
  if (!asked.empty()) return asked != "0";
  if (launch.plan.kv.speculative_method == "dspark" || launch.is_architecture({"DiffusionGemmaForBlockDiffusion"}))
    return true;
  if (stage == V2::kAll) return !lacks_feature(launch, stage);
  return default_model(launch, stage) && !lacks_feature(launch, stage);
}

/// Scheduling ahead of the GPU by default, by era.
enum class Ahead { kNever, kEagleOnly, kMostMethods, kGenerating, kAllOfV2 };
constexpr vllm::Step<Ahead> kAhead[] = {
    {{}, Ahead::kNever, "vllm v0.10.2 vllm/config/scheduler.py"},
    {{2025, 12, 29}, Ahead::kEagleOnly, "vllm v0.14.1 vllm/config/vllm.py, __post_init__"},
    {{2026, 2, 15}, Ahead::kMostMethods, "~vllm v0.19.0 vllm/config/vllm.py, __post_init__"},
    {{2026, 6, 1}, Ahead::kGenerating, "~vllm v0.25.1 vllm/config/vllm.py, __post_init__"},
    {{2026, 9, 25}, Ahead::kAllOfV2, "~vllm v0.33.0 vllm/config/vllm.py, __post_init__"},
};
static_assert(vllm::well_formed(kAhead));

bool schedules_ahead(const Launch& launch) {
  if (const auto asked = launch.flag("async_scheduling")) return *asked;
  const Ahead ahead = vllm::in_force(kAhead, launch.day);
  if (ahead == Ahead::kNever) return false;
  const std::string executor = launch.text("distributed_executor_backend");
  if (!one_of(executor, {"", "mp", "uni", "external_launcher"})) return ahead == Ahead::kAllOfV2 && executor == "ray";
  const std::string& method = launch.plan.kv.speculative_method;
  const bool stages = launch.plan.parallel.pipeline > 1;
  const bool eagle = one_of(method, {"", "eagle", "eagle3", "mtp", "dflash"});
  if (ahead == Ahead::kEagleOnly) return !stages && eagle;
  if (launch.pooling() && ahead != Ahead::kMostMethods) return false;
  if (ahead == Ahead::kAllOfV2 && launch.plan.model_runner_v2) return true;
  const json::Value* speculative = launch.given.find("speculative_config");
  if (speculative && HfConfig(*speculative).truthy("disable_padded_drafter_batch")) return false;
  if (ahead == Ahead::kAllOfV2 && stages) return false;
  return eagle || one_of(method, {"ngram_gpu", "draft_model", "dspark"});
}

/// From then on caches are sized for batches in flight.
constexpr vllm::Step<bool> kCountsBatches[] = {
    {{}, false, "vllm v0.19.0 vllm/config/vllm.py"},
    {{2026, 6, 1}, true, "~vllm v0.25.1 vllm/config/vllm.py, max_concurrent_batches"},
};
static_assert(vllm::well_formed(kCountsBatches));

std::int64_t batches_in_flight(const Launch& launch) {
  const std::int64_t stages = launch.plan.parallel.pipeline;
  if (!vllm::in_force(kCountsBatches, launch.day)) return 1;
  if (!launch.plan.async_scheduling) return stages;
  if (launch.plan.model_runner_v2) return stages + 1;
  return stages > 1 ? stages : 2;
}

}  // namespace

Stop choose_engine(Launch& launch) {
  launch.plan.model_runner_v2 = runs_v2(launch);
  launch.plan.async_scheduling = schedules_ahead(launch);
  launch.plan.kv.max_concurrent_batches = batches_in_flight(launch);
  return std::nullopt;
}

}  // namespace vram::plan
