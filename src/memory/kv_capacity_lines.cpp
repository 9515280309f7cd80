#include "memory/kv_plan.h"
#include "units/text.h"

namespace vram::memory {
namespace {

/// How the capacity is logged: blocks, tokens on two lines, or all on one.
enum class Form { kTwoLines, kOneLine };
constexpr vllm::Step<Form> kForm[] = {
    {{}, Form::kTwoLines, "vllm v0.8.0 vllm/v1/core/kv_cache_utils.py"},
    {{2026, 8, 4}, Form::kOneLine, "https://github.com/vllm-project/vllm/commit/5f2ee2fa8c"},
};
static_assert(vllm::well_formed(kForm));

/// V0 names the device from 0.7 on.
constexpr vllm::Step<const char*> kDevice[] = {
    {{}, "GPU", "vllm v0.6.6 vllm/executor/gpu_executor.py initialize_cache"},
    {{2025, 1, 20}, "cuda", "~ vllm v0.7.3 vllm/executor/executor_base.py initialize_cache"},
};
static_assert(vllm::well_formed(kDevice));

std::string concurrency_line(const std::string& length, double concurrency) {
  return "Maximum concurrency for " + length + " tokens per request: " + printed_concurrency(concurrency);
}

}  // namespace

std::vector<std::string> capacity_lines(const KvPlan& plan, vllm::Date as_of) {
  if (plan.refusal || plan.blocks_per_request.empty()) return {};
  if (plan.cpu_blocks)
    return {"# " + std::string(vllm::in_force(kDevice, as_of)) + " blocks: " + std::to_string(plan.num_blocks) +
                ", # CPU blocks: " + std::to_string(*plan.cpu_blocks),
            concurrency_line(std::to_string(plan.max_model_len.count()), plan.max_concurrency)};
  const std::string length = with_commas(plan.max_model_len.count());
  const auto size = [](Tokens tokens) { return "GPU KV cache size: " + with_commas(tokens.count()) + " tokens"; };
  if (vllm::in_force(kForm, as_of) == Form::kOneLine)
    return {size(plan.tokens) + ", " + concurrency_line(length, plan.max_concurrency)};
  if (plan.tokens_by_stage.empty()) return {size(plan.tokens), concurrency_line(length, plan.max_concurrency)};
  std::vector<std::string> lines;
  for (std::size_t stage = 0; stage < plan.tokens_by_stage.size(); ++stage) {
    lines.push_back(size(plan.tokens_by_stage[stage]));
    lines.push_back(concurrency_line(length, plan.concurrency_by_stage[stage]));
  }
  return lines;
}

}  // namespace vram::memory
