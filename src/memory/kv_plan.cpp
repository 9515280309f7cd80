#include "memory/kv_plan.h"

#include <algorithm>

#include "units/text.h"

namespace vram::memory {

KvPlan plan_kv(std::span<const KvSpecs> stages, std::span<const Bytes> available, const Parallel&, const Platform&,
               const KvSettings& settings) {
  KvPlan plan;
  plan.max_model_len = settings.max_model_len;
  if (stages.empty() || stages[0].layers.empty()) return plan;
  KvGroup group{stages[0].layers[0].spec, 0, stages[0].layers[0].spec.page_size(), false, {}};
  for (const KvSpecs& stage : stages) group.layers += std::int64_t(stage.layers.size());
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const Bytes block = group.page * std::int64_t(stages[i].layers.size());
    plan.bytes_per_block.push_back(block);
    const std::int64_t blocks = available[i] / block;
    plan.num_blocks = i == 0 ? blocks : std::min(plan.num_blocks, blocks);
  }
  plan.block_size = group.spec.block_size;
  const std::int64_t per_request = blocks_for(settings.max_model_len, plan.block_size).count();
  plan.blocks_per_request = {per_request};
  plan.max_concurrency = double(plan.num_blocks) / double(per_request);
  plan.tokens = Tokens(std::int64_t(plan.max_concurrency * double(settings.max_model_len.count())));
  plan.groups.push_back(std::move(group));
  return plan;
}

std::vector<std::string> capacity_lines(const KvPlan&, vllm::Date) { return {}; }

std::string printed_concurrency(double concurrency) { return fixed(concurrency, 2) + "x"; }

std::string printed_gib(Bytes bytes, vllm::Date) { return fixed(gib(bytes), 2); }

}  // namespace vram::memory
