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

bool draft_setting(const Launch& launch, std::string_view name) {
  const json::Value* settings = launch.given.find("speculative_config");
  return settings && HfConfig(*settings).truthy(name);
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
  const std::string& name = launch.source().architecture;
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
enum class Ahead { kNever, kEagleOnly, kMostMethods, kGenerating, kWithDrafts, kAllOfV2 };
constexpr vllm::Step<Ahead> kAhead[] = {
    {{}, Ahead::kNever, "vllm v0.10.2 vllm/config/scheduler.py"},
    {{2025, 12, 29}, Ahead::kEagleOnly, "vllm v0.14.1 vllm/config/vllm.py, __post_init__"},
    {{2026, 2, 15}, Ahead::kMostMethods, "~vllm v0.19.0 vllm/config/vllm.py, __post_init__"},
    {{2026, 6, 1}, Ahead::kGenerating, "~vllm v0.25.1 vllm/config/vllm.py, __post_init__"},
    {{2026, 7, 20}, Ahead::kWithDrafts, "~vllm v0.28.0 vllm/config/vllm.py, __post_init__"},
    {{2026, 9, 25}, Ahead::kAllOfV2, "~vllm v0.33.0 vllm/config/vllm.py, __post_init__"},
};
static_assert(vllm::well_formed(kAhead));

bool executor_schedules_ahead(const Launch& launch, Ahead ahead) {
  const std::string executor = launch.text("distributed_executor_backend");
  return one_of(executor, {"", "mp", "uni", "external_launcher"}) || (executor == "ray" && ahead == Ahead::kAllOfV2);
}

/// vLLM's sentence about a launch that must schedule ahead and cannot; empty where it can.
std::string cannot_schedule_ahead(const Launch& launch, Ahead ahead) {
  const std::string& method = launch.plan.kv.speculative_method;
  const bool stages = launch.plan.parallel.pipeline > 1;
  const bool eagle = one_of(method, {"", "eagle", "eagle3", "mtp", "dflash", "extract_hidden_states"});
  const bool drafts = eagle || one_of(method, {"ngram_gpu", "draft_model"});
  const bool unpadded = draft_setting(launch, "disable_padded_drafter_batch");
  const std::string not_padded = "Async scheduling is not compatible with disable_padded_drafter_batch=True.";
  switch (ahead) {
    case Ahead::kNever:
      if (stages) return "Async scheduling is not supported with pipeline-parallel-size > 1.";
      return method.empty() ? "" : "Currently, speculative decoding is not supported with async scheduling.";
    case Ahead::kEagleOnly:
      if (stages) return "Async scheduling is not yet compatible with pipeline_parallel_size > 1.";
      if (!eagle) return "Currently, async scheduling is only supported with EAGLE/MTP kind of speculative decoding.";
      return unpadded ? not_padded : "";
    case Ahead::kMostMethods:
      if (!drafts)
        return "Currently, async scheduling is only supported with EAGLE/MTP/Draft Model/NGram GPU kind of speculative "
               "decoding";
      return unpadded ? not_padded : "";
    case Ahead::kGenerating:
    case Ahead::kWithDrafts:
      if (!drafts && method != "dspark")
        return "Currently, async scheduling is only supported with EAGLE/MTP/Draft Model/NGram GPU/DSpark kind of "
               "speculative decoding";
      return unpadded ? not_padded : "";
    case Ahead::kAllOfV2:
      break;
  }
  const std::string first = "Async scheduling is not supported by the V1 model runner with ";
  if (launch.plan.model_runner_v2) return "";
  if (!drafts && method != "dspark") return first + method + "-based speculative decoding.";
  if (unpadded) return first + "disable_padded_drafter_batch=True.";
  return stages ? first + "pipeline parallelism." : "";
}

/// Whether it does so when nobody says.
bool schedules_ahead(const Launch& launch, Ahead ahead) {
  if (ahead == Ahead::kNever || !executor_schedules_ahead(launch, ahead)) return false;
  const bool draft_model = launch.plan.kv.speculative_method == "draft_model";
  if (draft_model && (ahead == Ahead::kMostMethods || ahead == Ahead::kGenerating)) return false;
  if (launch.pooling() && ahead != Ahead::kEagleOnly && ahead != Ahead::kMostMethods) return false;
  return cannot_schedule_ahead(launch, ahead).empty();
}

Stop choose_schedule(Launch& launch) {
  const Ahead ahead = vllm::in_force(kAhead, launch.day);
  const auto asked = launch.flag("async_scheduling");
  launch.plan.async_scheduling = asked.value_or(schedules_ahead(launch, ahead));
  if (asked != true) return std::nullopt;
  if (auto sentence = cannot_schedule_ahead(launch, ahead); !sentence.empty()) return refused(std::move(sentence));
  const std::string executor = launch.text("distributed_executor_backend");
  if (executor_schedules_ahead(launch, ahead) || ahead == Ahead::kNever) return std::nullopt;
  return refused(ahead == Ahead::kEagleOnly
                     ? "Currently, async scheduling only supports `mp`, `uni`, or `external_launcher` distributed "
                       "executor backend, but you chose `" +
                           executor + "`."
                     : "`" + executor + "` does not support async scheduling yet.");
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
  // source  vllm v0.33.0 vllm/models/deepseek_v41/attention.py: only the second runner skips what is replayed
  launch.plan.kv.swa_bounded_replay = launch.plan.model_runner_v2 && launch.flag("swa_bounded_replay").value_or(true);
  if (Stop stop = choose_schedule(launch)) return stop;
  launch.plan.kv.max_concurrent_batches = batches_in_flight(launch);
  return std::nullopt;
}

}  // namespace vram::plan
