#include "plan/exact.h"

#include "arch/build.h"
#include "arch/draft.h"
#include "vllm/architecture_facts.h"

namespace vram::plan {

memory::Platform platform_of(const Deployment& deployment) {
  return {deployment.engine.as_of, deployment.gpu.capability.major * 10 + deployment.gpu.capability.minor,
          deployment.lora.has_value()};
}

namespace {

/// Longest input of the model's encoder; 0 without one.
Tokens encoder_input(const Model& model) {
  Tokens longest;
  for (const Layer& kind : model.kinds)
    for (const CacheLayer& cached : kind.caches)
      if (const auto* cross = std::get_if<CrossAttention>(&cached.cache)) longest = std::max(longest, cross->longest);
  return longest;
}

/// source  vllm v0.33.0 vllm/v1/worker/lora_model_runner_mixin.py, load_lora_model
std::optional<Error> adapters_refused(std::string_view architecture, vllm::Date day) {
  const vllm::ArchitectureFacts* facts = vllm::architecture_facts(architecture, day);
  if (!facts || !facts->has(vllm::kNoLora)) return std::nullopt;
  return Error{ErrorCode::kRefused, "", std::string(vllm::class_name(architecture)) + " does not support LoRA yet.",
               ""};
}

}  // namespace

Result<Exact> derive(const ModelSource& given, Deployment deployment) {
  Exact exact;
  const ModelSource& source = deployment.source ? *deployment.source : given;
  deployment.build.speculative_tokens = deployment.kv.speculative_tokens;
  deployment.build.max_model_len = deployment.kv.max_model_len.count();
  deployment.build.enforce_eager = deployment.enforce_eager;
  auto model = arch::build(source, deployment.build);
  if (!model) return model.error();
  exact.model = *std::move(model);
  deployment.kv.encoder_tokens = encoder_input(exact.model).count();
  deployment.towers.first_stage_only =
      memory::towers_on_first_stage(deployment.model_runner_v2, deployment.engine.as_of);
  const memory::Parallel& parallel = deployment.parallel;
  auto stages = memory::pipeline_stages(std::int64_t(exact.model.layers.size()), parallel, deployment.engine.as_of);
  if (!stages) return stages.error();
  exact.stages = *std::move(stages);
  const bool online = memory::quantised_online(exact.model);
  if (deployment.draft) {
    auto draft = arch::build_draft(
        {deployment.draft->method, deployment.draft->source.get(), &source, deployment.kv.max_model_len},
        deployment.build);
    if (!draft) return draft.error();
    exact.draft = *std::move(draft);
  }
  if (deployment.lora)
    if (auto error = adapters_refused(source.architecture, deployment.engine.as_of)) return *error;
  for (const memory::Stage& stage : exact.stages) {
    auto weights = memory::weigh(exact.model, parallel, stage, platform_of(deployment), deployment.towers);
    if (!weights) return weights.error();
    exact.weights.push_back(*weights);
    if (online) {
      auto quantised = memory::weigh(exact.model, parallel, stage, platform_of(deployment), deployment.towers,
                                     memory::Moment::kQuantised);
      if (!quantised) return quantised.error();
      exact.quantised.push_back(*quantised);
    }
    if (const auto& lora = deployment.lora) {
      auto slots = memory::lora_slots(exact.model, parallel, stage, platform_of(deployment),
                                      {lora->max_loras, lora->max_rank, lora->fully_sharded});
      if (!slots) return slots.error();
      exact.lora_slots.push_back(*slots);
    }
    const Model* draft = stage.last() && exact.draft ? &*exact.draft : nullptr;
    auto caches = memory::kv_specs(exact.model, draft, parallel, stage, platform_of(deployment), deployment.kv);
    if (!caches) return caches.error();
    exact.caches.push_back(*std::move(caches));
  }
  if (exact.draft) {
    auto weights = memory::weigh_draft(*exact.draft, exact.model, parallel, exact.stages.back(),
                                       platform_of(deployment), deployment.towers);
    if (!weights) return weights.error();
    exact.draft_weights = *weights;
  }
  // Attention backends may have put a format of theirs in place.
  if (!exact.caches.empty()) deployment.kv.cache_dtype = exact.caches.front().backends.cache_dtype;
  exact.deployment = std::move(deployment);
  return exact;
}

memory::KvPlan plan_kv(const Exact& exact, std::span<const Bytes> available) {
  const Deployment& deployment = exact.deployment;
  return memory::plan_kv(exact.caches, available, deployment.parallel, platform_of(deployment), deployment.kv);
}

}  // namespace vram::plan
