#include "plan/exact.h"

#include <algorithm>
#include <tuple>

#include "arch/build.h"
#include "arch/draft.h"
#include "memory/block_sizes.h"
#include "memory/kv_v0.h"
#include "memory/offload.h"
#include "vllm/architecture_facts.h"

namespace vram::plan {

memory::Platform platform_of(const Deployment& deployment) {
  return {deployment.engine.as_of, deployment.gpu.capability.major * 10 + deployment.gpu.capability.minor,
          deployment.lora.has_value()};
}

namespace {

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

bool has_states(const Model& model) {
  const auto keeps = [](const CacheLayer& cached) { return is_recurrent_state(cached.cache); };
  return std::ranges::any_of(model.kinds, [&](const Layer& kind) { return std::ranges::any_of(kind.caches, keeps); });
}

bool same(const std::shared_ptr<const ModelSource>& a, const std::shared_ptr<const ModelSource>& b) {
  if (a == b) return true;
  return a && b && a->architecture == b->architecture && a->name == b->name && a->place == b->place &&
         a->without_weights == b->without_weights && a->weights == b->weights && a->quantisation == b->quantisation &&
         a->config == b->config;
}

bool same(const std::optional<DraftSource>& a, const std::optional<DraftSource>& b) {
  return a ? b && a->method == b->method && same(a->source, b->source) : !b;
}

/// The bindings hold this to every member there is.
bool same(const arch::BuildOptions& a, const arch::BuildOptions& b) {
  const auto members = [](const arch::BuildOptions& options) {
    const auto& [dtype, day, quantization, deprecated, capability, pooling, classify, eager, no_window, drafts, batch,
                 length] = options;
    return std::tie(dtype, day, quantization, deprecated, capability, pooling, classify, eager, no_window, drafts,
                    batch, length);
  };
  return members(a) == members(b);
}

Result<Built> build(const Deployment& deployment, const ModelSource& source) {
  auto model = arch::build(source, deployment.build);
  if (!model) return model.error();
  Built built{*std::move(model), std::nullopt, deployment.kv.max_model_len, Tokens(0), false};
  if (const auto& draft = deployment.draft) {
    auto drafting =
        arch::build_draft({draft->method, draft->source.get(), &source, deployment.kv.max_model_len}, deployment.build);
    if (!drafting) return drafting.error();
    built.draft = *std::move(drafting);
  }
  built.encoder_input = encoder_input(built.model);
  built.recurrent = has_states(built.model) || (built.draft && has_states(*built.draft));
  return built;
}

/// Adds what one stage holds.
std::optional<Error> add_stage(const Deployment& deployment, const Built& built, const memory::Stage& stage,
                               Placed& placed) {
  const memory::Platform platform = platform_of(deployment);
  const auto weigh = [&](memory::Moment moment) {
    return memory::weigh(built.model, deployment.parallel, stage, platform, deployment.towers, moment);
  };
  auto weights = weigh(memory::Moment::kCreated);
  if (!weights) return weights.error();
  placed.weights.push_back(*weights);
  if (memory::quantised_online(built.model)) {
    auto quantised = weigh(memory::Moment::kQuantised);
    if (!quantised) return quantised.error();
    placed.quantised.push_back(*quantised);
  }
  auto loading = memory::model_loading(built.model, deployment.parallel, stage, platform, deployment.towers);
  if (!loading) return loading.error();
  placed.loading.push_back(*loading);
  auto roles = memory::weights_by_role(built.model, deployment.parallel, stage, platform, deployment.towers);
  if (!roles) return roles.error();
  placed.roles.push_back(*roles);
  auto offloaded = memory::offloaded(built.model, deployment.parallel, stage, platform, deployment.cpu_offload);
  if (!offloaded) return offloaded.error();
  placed.offloaded.push_back(*offloaded);
  if (const auto& lora = deployment.lora) {
    auto slots = memory::lora_slots(built.model, deployment.parallel, stage, platform,
                                    {lora->max_loras, lora->max_rank, lora->fully_sharded});
    if (!slots) return slots.error();
    placed.lora_slots.push_back(*slots);
  }
  return std::nullopt;
}

Result<Placed> place(const Deployment& deployment, const Built& built) {
  const memory::Platform platform = platform_of(deployment);
  const auto layers = std::int64_t(built.model.layers.size());
  auto stages = memory::pipeline_stages(layers, deployment.parallel, deployment.engine.as_of);
  if (!stages) return stages.error();
  if (deployment.lora)
    if (auto error = adapters_refused(deployment.source->architecture, deployment.engine.as_of)) return *error;
  Placed placed;
  placed.stages = *std::move(stages);
  for (const memory::Stage& stage : placed.stages)
    if (auto error = add_stage(deployment, built, stage, placed)) return *std::move(error);
  if (built.draft) {
    auto weights = memory::weigh_draft(*built.draft, built.model, deployment.parallel, placed.stages.back(), platform,
                                       deployment.towers);
    if (!weights) return weights.error();
    placed.draft_weights = *weights;
  }
  const memory::Parallel one;
  if (auto whole = memory::weigh(built.model, one, {0, 1, 0, layers}, platform, {})) placed.elements = whole->elements;
  placed.activations = memory::activation_shape(built.model, deployment.parallel);
  return placed;
}

Result<Caches> cache(const Deployment& deployment, const Built& built, const Placed& placed) {
  const memory::Platform platform = platform_of(deployment);
  Caches caches;
  for (const memory::Stage& stage : placed.stages) {
    const Model* draft = stage.last() && built.draft ? &*built.draft : nullptr;
    auto specs = memory::kv_specs(built.model, draft, deployment.parallel, stage, platform, deployment.kv);
    if (!specs) return specs.error();
    caches.specs.push_back(*std::move(specs));
  }
  caches.grouping = memory::plans_as_v0(platform.as_of, deployment.kv)
                        ? memory::group_v0(caches.specs)
                        : memory::group_layers(caches.specs, platform.as_of, deployment.kv);
  return caches;
}

}  // namespace

Result<std::shared_ptr<const Built>> Deriver::built(const Deployment& deployment) {
  BuiltKey key{deployment.source, deployment.draft, deployment.build};
  key.options.max_model_len = 0;
  const auto is = [&](const BuiltKey& known, const Built& value) {
    const bool any_length = !arch::follows_max_model_len(value.model) && !value.draft;
    return same(known.options, key.options) && (any_length || value.max_model_len == deployment.kv.max_model_len) &&
           same(known.source, key.source) && same(known.draft, key.draft);
  };
  if (auto found = built_.find(is)) return found;
  auto built = build(deployment, *key.source);
  if (!built) return built.error();
  return built_.keep(std::move(key), *std::move(built));
}

Result<std::shared_ptr<const Placed>> Deriver::placed(const Deployment& deployment,
                                                      const std::shared_ptr<const Built>& built) {
  PlacedKey key{built,           deployment.parallel,   platform_of(deployment), deployment.towers,
                deployment.lora, deployment.cpu_offload};
  if (auto found = placed_.find([&](const PlacedKey& known, const Placed&) { return known == key; })) return found;
  auto placed = place(deployment, *built);
  if (!placed) return placed.error();
  return placed_.keep(std::move(key), *std::move(placed));
}

Result<std::shared_ptr<const Caches>> Deriver::caches(const Deployment& deployment, const Built& built,
                                                      const std::shared_ptr<const Placed>& placed) {
  const bool follows = built.recurrent && memory::state_blocks_follow_length(deployment.kv, deployment.engine.as_of);
  const Tokens length = follows ? deployment.kv.max_model_len : Tokens(0);
  CachesKey key{placed, platform_of(deployment), deployment.kv, length};
  if (auto found = caches_.find([&](const CachesKey& known, const Caches&) { return known == key; })) return found;
  auto caches = cache(deployment, built, *placed);
  if (!caches) return caches.error();
  return caches_.keep(std::move(key), *std::move(caches));
}

Result<Exact> Deriver::derive(std::shared_ptr<const ModelSource> source, Deployment deployment) {
  deployment.build.speculative_tokens = deployment.kv.speculative_tokens;
  deployment.build.max_model_len = deployment.kv.max_model_len.count();
  deployment.build.enforce_eager = deployment.enforce_eager;
  deployment.towers.first_stage_only =
      memory::towers_on_first_stage(deployment.model_runner_v2, deployment.engine.as_of);
  if (!deployment.source) deployment.source = std::move(source);
  if (arch::follows_batch(deployment.source->architecture))
    deployment.build.max_num_batched_tokens = deployment.kv.max_num_batched_tokens;
  Exact exact;
  auto model = built(deployment);
  if (!model) return model.error();
  exact.built = *std::move(model);
  deployment.kv.encoder_tokens = exact.built->encoder_input.count();
  auto stages = placed(deployment, exact.built);
  if (!stages) return stages.error();
  exact.placed = *std::move(stages);
  auto layers = caches(deployment, *exact.built, exact.placed);
  if (!layers) return layers.error();
  exact.caches = *std::move(layers);
  // Attention backends may have put a format of theirs in place.
  const std::vector<memory::KvSpecs>& specs = exact.caches->specs;
  if (!specs.empty()) deployment.kv.cache_dtype = specs.front().backends.cache_dtype;
  exact.deployment = std::move(deployment);
  return exact;
}

Result<Exact> derive(const ModelSource& source, Deployment deployment) {
  return Deriver().derive(std::make_shared<const ModelSource>(source), std::move(deployment));
}

memory::KvPlan plan_kv(const Exact& exact, std::span<const Bytes> available) {
  const Deployment& deployment = exact.deployment;
  return memory::plan_kv(exact.caches->grouping, available, platform_of(deployment), deployment.kv);
}

}  // namespace vram::plan
