// LoRA adapters, and the report of what every argument came to.
//
// source  vllm v0.33.0 vllm/config/lora.py
#include <algorithm>

#include "plan/launch.h"
#include "units/text.h"

namespace vram::plan {
namespace {

constexpr std::int64_t kRanks[] = {1, 8, 16, 32, 64, 128, 256, 320, 512};

json::Value known_or_null(const std::string& text) { return text.empty() ? json::Value(nullptr) : json::Value(text); }

}  // namespace

Stop choose_adapters(Launch& launch) {
  if (!launch.given.flag_or("enable_lora", false)) return std::nullopt;
  Deployment::Lora lora;
  lora.max_loras = launch.whole("max_loras").value_or(1);
  lora.max_rank = launch.whole("max_lora_rank").value_or(16);
  lora.fully_sharded = launch.given.flag_or("fully_sharded_loras", false);
  const auto bad = [](const char* name, const char* expected, std::int64_t found) {
    return Error{ErrorCode::kBadInput, '"' + std::string(name) + '"',
                 std::string("expected ") + expected + ", found " + std::to_string(found), ""};
  };
  if (lora.max_loras < 1) return bad("max_loras", "a whole number of at least 1", lora.max_loras);
  if (std::find(std::begin(kRanks), std::end(kRanks), lora.max_rank) == std::end(kRanks))
    return bad("max_lora_rank", "one of 1, 8, 16, 32, 64, 128, 256, 320, 512", lora.max_rank);
  if (const auto kept = launch.whole("max_cpu_loras"); kept && *kept < lora.max_loras)
    return refused("max_cpu_loras (" + std::to_string(*kept) + ") must be >= max_loras (" +
                   std::to_string(lora.max_loras) + ").");
  launch.plan.lora = lora;
  return std::nullopt;
}

void state_arguments(Launch& launch) {
  const Deployment& plan = launch.plan;
  const memory::KvSettings& kv = plan.kv;
  json::Object resolved;
  for (const auto& [name, value] : launch.given.value().object()->members()) resolved.set(name, value);
  resolved.set("dtype", json::Value(name(plan.build.dtype)));
  resolved.set("runner", json::Value(plan.runner));
  resolved.set("convert", json::Value(plan.convert));
  resolved.set("max_model_len", json::Value(kv.max_model_len.count()));
  resolved.set("max_num_batched_tokens", json::Value(kv.max_num_batched_tokens));
  resolved.set("max_num_seqs", json::Value(kv.max_num_seqs));
  resolved.set("enable_chunked_prefill", json::Value(plan.chunked_prefill));
  resolved.set("enable_prefix_caching", json::Value(kv.prefix_caching));
  resolved.set("quantization", known_or_null(plan.quantization));
  resolved.set("kv_cache_dtype", json::Value(kv.cache_dtype));
  if (kv.block_size) resolved.set("block_size", json::Value(kv.block_size->count()));
  if (!kv.mamba_cache_mode.empty()) resolved.set("mamba_cache_mode", json::Value(kv.mamba_cache_mode));
  resolved.set("gpu_memory_utilization", json::Value(plan.gpu_memory_utilization));
  resolved.set("tensor_parallel_size", json::Value(plan.parallel.tensor));
  resolved.set("pipeline_parallel_size", json::Value(plan.parallel.pipeline));
  resolved.set("data_parallel_size", json::Value(plan.parallel.data));
  resolved.set("enable_expert_parallel", json::Value(plan.parallel.expert));
  resolved.set("disable_hybrid_kv_cache_manager", json::Value(!kv.hybrid_manager));
  resolved.set("async_scheduling", json::Value(plan.async_scheduling));
  resolved.set("enforce_eager", json::Value(plan.enforce_eager));
  resolved.set("cudagraph_mode", known_or_null(plan.cudagraph_mode));
  const auto& sizes = plan.cudagraph_capture_sizes;
  resolved.set("max_cudagraph_capture_size", json::Value(sizes.empty() ? std::int64_t{0} : sizes.back()));
  launch.plan.resolved = std::move(resolved);
}

}  // namespace vram::plan
