#include "memory/kv_v0.h"

#include <algorithm>

namespace vram::memory {
namespace {

constexpr vllm::Step<bool> kOnlyV0[] = {
    {{}, true, "vllm v0.7.3 vllm/envs.py VLLM_USE_V1"},
    {{2025, 3, 14}, false, "~ vllm v0.8.0 vllm/envs.py VLLM_USE_V1"},
};
static_assert(vllm::well_formed(kOnlyV0));

constexpr vllm::Step<bool> kSharesBlocks[] = {
    {{}, false, "vllm v0.7.3 vllm/worker/worker.py raise_if_cache_size_invalid"},
    {{2025, 4, 10}, true, "~ vllm v0.8.5 vllm/worker/worker.py raise_if_cache_size_invalid"},
};
static_assert(vllm::well_formed(kSharesBlocks));

std::string too_long_for_v0(Tokens length, Tokens held) {
  return "The model's max seq len (" + std::to_string(length.count()) +
         ") is larger than the maximum number of tokens that can be stored in KV cache (" +
         std::to_string(held.count()) +
         "). Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine.";
}

}  // namespace

bool plans_as_v0(vllm::Date as_of, const KvShape& settings) {
  return settings.v0_engine || vllm::in_force(kOnlyV0, as_of);
}

KvGrouping group_v0(std::span<const KvSpecs> stages) {
  KvGrouping grouping;
  grouping.stages = stages.size();
  if (stages.empty()) return grouping;
  grouping.cache_block_size = stages.front().backends.block_size;
  const KvLayers layers = collect_layers(stages);
  if (layers.empty()) return grouping;
  std::vector<std::size_t> all(layers.spec.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  LayerGroup group = uniform_group(layers, all);
  group.uniform_type = group.members.size() > 1;
  grouping.layers = group.members;
  grouping.groups.push_back(std::move(group));
  return grouping;
}

KvPlan plan_v0(const KvGrouping& grouping, std::span<const Bytes> available, vllm::Date as_of,
               const KvSettings& settings) {
  KvPlan plan;
  const Tokens length = plan.max_model_len = settings.max_model_len;
  plan.block_size = grouping.cache_block_size;
  if (grouping.groups.empty()) return plan;
  const LayerGroup& group = grouping.groups.front();
  const std::int64_t request = blocks_for(length, plan.block_size).count();
  std::optional<std::int64_t> blocks, cpu_blocks;
  for (std::size_t stage = 0; stage < grouping.stages; ++stage) {
    const Bytes block = group.pages_on(stage);
    plan.bytes_per_block.push_back(block);
    plan.needed.push_back(block * request);
    if (block == Bytes(0)) continue;
    blocks = std::min(blocks.value_or(available[stage] / block), available[stage] / block);
    cpu_blocks = std::min(cpu_blocks.value_or(settings.swap_space / block), settings.swap_space / block);
  }
  plan.num_blocks = std::max<std::int64_t>(blocks.value_or(0), 0);
  plan.cpu_blocks = std::max<std::int64_t>(cpu_blocks.value_or(0), 0);
  if (settings.num_gpu_blocks_override) {
    plan.log.push_back(overridden(plan.num_blocks, *settings.num_gpu_blocks_override));
    plan.num_blocks = *settings.num_gpu_blocks_override;
  }
  const std::int64_t shares = vllm::in_force(kSharesBlocks, as_of) ? std::int64_t(grouping.stages) : 1;
  const Tokens held = plan.block_size * (plan.num_blocks / shares);
  if (held < length) plan.estimated_max_model_len = held;
  if (settings.fit_max_model_len && held > Tokens(0)) plan.max_model_len = std::min(length, held);
  if (plan.num_blocks <= 0)
    plan.refusal = no_memory(as_of);
  else if (plan.max_model_len > held)
    plan.refusal = too_long_for_v0(plan.max_model_len, held);
  plan.tokens = plan.block_size * plan.num_blocks;
  plan.max_concurrency = double(plan.tokens.count()) / double(std::max<std::int64_t>(plan.max_model_len.count(), 1));
  plan.blocks_per_request = {blocks_for(plan.max_model_len, plan.block_size).count()};
  for (const Bytes block : plan.bytes_per_block) plan.pool.push_back(block * plan.num_blocks);
  return plan;
}

}  // namespace vram::memory
