// The first engine: all there was before 0.8, the way out for what V1 did not yet run until 0.11.
//
// source  vllm v0.9.2 and v0.10.2 vllm/engine/arg_utils.py, _is_v1_supported_oracle, _set_default_args_v0;
//         vllm/config/scheduler.py, SchedulerConfig.__post_init__
#include <algorithm>

#include "plan/launch.h"

namespace vram::plan {
namespace {

enum class Engines { kV0, kBoth, kV1 };
constexpr vllm::Step<Engines> kEngines[] = {
    {{}, Engines::kV0, "vllm v0.7.3 vllm/envs.py, VLLM_USE_V1"},
    {{2025, 3, 14}, Engines::kBoth, "~vllm v0.8.0 vllm/envs.py, VLLM_USE_V1"},
    {{2025, 9, 20}, Engines::kV1, "~vllm v0.11.0 vllm/engine/arg_utils.py"},
};
static_assert(vllm::well_formed(kEngines));

/// What V1 learnt between 0.9 and 0.10.
constexpr vllm::Step<bool> kGrownUp[] = {
    {{}, false, "vllm v0.9.2 vllm/engine/arg_utils.py, _is_v1_supported_oracle"},
    {{2025, 7, 25}, true, "~vllm v0.10.2 vllm/engine/arg_utils.py, _is_v1_supported_oracle"},
};
static_assert(vllm::well_formed(kGrownUp));

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// source  vllm/attention/utils/fa_utils.py, flash_attn_supports_fp8; vllm/platforms/cuda.py,
///         is_kv_cache_dtype_supported
bool caches(const Launch& launch, std::string_view dtype, bool grown_up) {
  if (dtype == "auto" || launch.plan.gpu.vendor == hardware::Vendor::kAmd) return true;
  const bool fp8 = dtype.starts_with("fp8"), flash_attention_3 = launch.capability / 10 == 9;
  const std::string_view backend = launch.around.variable("VLLM_ATTENTION_BACKEND");
  if (!grown_up) return fp8 && flash_attention_3 && (backend.empty() || backend == "FLASH_ATTN_VLLM_V1");
  if (launch.latent_attention) return backend.empty() || one_of(backend, {"FLASHMLA", "CUTLASS_MLA"}) || !fp8;
  if (launch.capability == 100) return true;
  if (backend.empty() || backend == "FLASH_ATTN_VLLM_V1") return !fp8 || flash_attention_3;
  return backend == "FLASHINFER" || (backend == "TRITON_ATTN_VLLM_V1" && launch.capability >= 89);
}

bool drafts(const Launch& launch) {
  const json::Value* settings = launch.given.find("speculative_config");
  if (!settings) return true;
  const HfConfig config(*settings);
  return one_of(config.text("method"), {"ngram", "[ngram]", "eagle", "eagle3", "deepseek_mtp", "medusa"}) ||
         one_of(config.text("model"), {"ngram", "[ngram]"});
}

/// What V1 does not run, as its refusal names it; empty where it runs all.
std::string beyond_v1(const Launch& launch) {
  const bool grown_up = vllm::in_force(kGrownUp, launch.day);
  if (launch.text("load_format") == "sharded_state") return "--load_format sharded_state";
  if (launch.given.has("logits_processor_pattern")) return "--logits-processor-pattern";
  if (launch.given.has("preemption_mode")) return "--preemption-mode";
  if (launch.given.flag_or("disable_async_output_proc", false)) return "--disable-async-output-proc";
  if (launch.given.maybe_number("scheduler_delay_factor").value_or(0) != 0) return "--scheduler-delay-factor";
  if (!grown_up && launch.whole("num_scheduler_steps").value_or(1) != 1) return "--num-scheduler-steps";
  if (!grown_up && launch.plan.gpu.vendor == hardware::Vendor::kNvidia && launch.capability < 80)
    return "Compute Capability < 8.0";
  if (!caches(launch, launch.given.text_or("kv_cache_dtype", "auto"), grown_up)) return "--kv-cache-dtype";
  if (!grown_up && launch.given.flag_or("enable_prompt_adapter", false)) return "--enable-prompt-adapter";
  if (launch.given.flag_or("enable_prompt_embeds", false)) return "--enable-prompt-embeds";
  if (launch.has(grown_up ? vllm::kV0Until0_10_2 : vllm::kV0Until0_9_2))
    return "['" + launch.source().architecture + "']";
  if (!grown_up && (launch.has(vllm::kHybrid) || launch.has(vllm::kAttentionFree))) return "Mamba";
  if (launch.whole("max_num_partial_prefills").value_or(1) != 1 ||
      launch.whole("max_long_partial_prefills").value_or(1) != 1)
    return "Concurrent Partial Prefill";
  if (!grown_up && launch.given.has("otlp_traces_endpoint")) return "--otlp-traces-endpoint";
  return grown_up || drafts(launch) ? "" : "Speculative Decoding";
}

constexpr std::int64_t kBatch = 2048, kPoolingBatch = 32768, kImageBatch = 5120, kLongContext = 32768, kSequences = 256;

/// Whether long prompts are cut when nobody says, from a long context on.
bool may_chunk(const Launch& launch) {
  const HfConfig& text = launch.text();
  const bool window = text.whole("sliding_window").has_value() &&
                      !(text.find("use_sliding_window") && !text.truthy("use_sliding_window"));
  return !launch.multimodal && !launch.latent_attention && !window && !launch.given.has("speculative_config") &&
         !launch.given.flag_or("enable_lora", false) && !launch.pooling();
}

}  // namespace

Stop choose_generation(Launch& launch) {
  const Engines engines = vllm::in_force(kEngines, launch.day);
  memory::KvSettings& kv = launch.plan.kv;
  if (engines == Engines::kV1) return std::nullopt;
  kv.v0_engine = true;
  const std::string_view asked = launch.around.variable("VLLM_USE_V1");
  if (engines == Engines::kV0 || asked == "0") return std::nullopt;
  const json::Value* settings = launch.given.find("speculative_config");
  if (settings && HfConfig(*settings).text("method") == "draft_model" && vllm::in_force(kGrownUp, launch.day))
    return refused(
        "Speculative decoding with draft model is not supported yet. Please consider using other speculative decoding "
        "methods such as ngram, medusa, eagle, or deepseek_mtp.");
  const std::string feature = beyond_v1(launch);
  if (!feature.empty() && asked == "1") return refused("VLLM_USE_V1=1 is not supported with " + feature + ".");
  kv.v0_engine = !feature.empty();
  return std::nullopt;
}

void choose_features_v0(Launch& launch) {
  ChunkRule& chunks = launch.schedule.chunks;
  chunks.always = launch.flag("enable_chunked_prefill").value_or(false);
  if (!launch.given.has("enable_chunked_prefill") && may_chunk(launch)) chunks.above = kLongContext;
  launch.plan.chunked_prefill = chunks.chunks(launch.plan.kv.max_model_len);
  launch.plan.kv.prefix_caching = launch.flag("enable_prefix_caching").value_or(false) && !launch.multimodal;
}

void choose_batches_v0(const BatchRule& rule, const AskedSizes& asked, bool chunked_prefill, memory::KvSettings& kv) {
  kv.max_num_seqs = asked.max_num_seqs.value_or(kSequences);
  const std::int64_t length = kv.max_model_len.count();
  std::int64_t batch = chunked_prefill ? kBatch : std::max(length, kBatch);
  if (rule.pooling) batch = std::max(batch, kPoolingBatch);
  if (rule.multimodal) batch = std::max(batch, kImageBatch);
  batch = saturated(std::min(Wide(kv.max_num_seqs) * length, Wide(batch)));
  kv.max_num_batched_tokens = asked.max_num_batched_tokens.value_or(batch);
}

std::vector<std::int64_t> capture_sizes_v0(std::int64_t sequences) {
  constexpr std::int64_t kMost = 8192;
  std::vector<std::int64_t> sizes = {1, 2, 4};
  for (std::int64_t size = 8; size <= kMost; size += 8) sizes.push_back(size);
  const auto end = std::find_if(sizes.begin(), sizes.end(), [&](std::int64_t size) { return size >= sequences; });
  if (end != sizes.end()) sizes.erase(end + 1, sizes.end());
  return sizes;
}

}  // namespace vram::plan
