#include "memory/kv_plan.h"

#include <algorithm>

#include "memory/kv_fit.h"
#include "memory/kv_v0.h"
#include "units/text.h"

namespace vram::memory {
namespace {

/// What num_gpu_blocks_override replaces.
enum class Override { kBlocks, kNothing, kMemory };
constexpr vllm::Step<Override> kOverride[] = {
    {{}, Override::kBlocks, "vllm v0.9.0 vllm/v1/core/kv_cache_utils.py"},
    {{2025, 6, 6}, Override::kNothing, "~ vllm v0.9.1 vllm/v1/core/kv_cache_utils.py get_num_blocks: logged, not used"},
    {{2025, 6, 20}, Override::kBlocks, "~ vllm v0.9.2 vllm/v1/core/kv_cache_utils.py get_num_blocks"},
    {{2026, 4, 28}, Override::kMemory, "https://github.com/vllm-project/vllm/commit/e68fa1b90a"},
};
static_assert(vllm::well_formed(kOverride));

/// How the number on the capacity line is arrived at.
enum class Capacity { kBlocks, kTypeOrGroups, kGroups, kConcurrency };
constexpr vllm::Step<Capacity> kCapacity[] = {
    {{}, Capacity::kBlocks, "vllm v0.9.0 vllm/v1/core/kv_cache_utils.py"},
    {{2025, 6, 6}, Capacity::kTypeOrGroups, "~ vllm v0.9.1 vllm/v1/core/kv_cache_utils.py"},
    {{2025, 9, 14}, Capacity::kGroups, "~ vllm v0.11.0 vllm/v1/core/kv_cache_utils.py"},
    {{2026, 4, 28}, Capacity::kConcurrency, "https://github.com/vllm-project/vllm/commit/e68fa1b90a"},
};
static_assert(vllm::well_formed(kCapacity));

constexpr vllm::Step<bool> kSumsBlocks[] = {
    {{}, false, "vllm v0.25.1 vllm/v1/core/kv_cache_utils.py get_max_concurrency_for_kv_cache_config"},
    {{2026, 7, 21}, true, "https://github.com/vllm-project/vllm/commit/2e2e626b40"},
};
static_assert(vllm::well_formed(kSumsBlocks));

/// Stages report and allocate before, or after, the smallest number of blocks is taken.
constexpr vllm::Step<bool> kSmallestFirst[] = {
    {{}, false, "vllm v0.11.0 vllm/v1/core/kv_cache_utils.py"},
    {{2025, 10, 7}, true, "https://github.com/vllm-project/vllm/commit/d100d78eb3"},
};
static_assert(vllm::well_formed(kSmallestFirst));

constexpr vllm::Step<bool> kShrinksTensors[] = {
    {{}, false, "vllm v0.11.0 vllm/v1/core/kv_cache_utils.py get_kv_cache_configs"},
    {{2025, 10, 7}, true, "vllm v0.11.2 vllm/v1/core/kv_cache_utils.py get_kv_cache_configs"},
    {{2026, 8, 25}, false, "~ vllm v0.29.0 vllm/v1/core/kv_cache_utils.py: plans again instead"},
};
static_assert(vllm::well_formed(kShrinksTensors));

// vLLM shrinks tensors in proportion to their blocks, of which there may be none.
constexpr const char* kNoBlocksToShrink = "integer modulo by zero";

/// Python's floor division: memory may be negative.
std::int64_t whole_blocks(Bytes memory, Bytes block) {
  const std::int64_t blocks = memory / block;
  return blocks - (block * blocks > memory ? 1 : 0);
}

/// Blocks that one request holds over all groups.
std::int64_t blocks_together(std::span<const LayerGroup> groups, const std::vector<std::int64_t>& blocks,
                             vllm::Date as_of) {
  if (groups.empty()) return 0;
  Wide count = 0, bytes = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    count += blocks[i];
    const LayerGroup& group = groups[i];
    bytes += Wide(blocks[i]) * (group.uniform_type ? group.pages() : group.first().page_size()).count();
  }
  if (vllm::in_force(kSumsBlocks, as_of)) return saturated(count);
  const LayerGroup& first = groups.front();
  const Wide page = (first.uniform_type ? first.pages() : first.first().page_size()).count();
  return page > 0 ? saturated((bytes + page - 1) / page) : saturated(count);
}

/// The plan's groups as the report shows them.
std::vector<KvGroup> shown(std::span<const LayerGroup> groups) {
  std::vector<KvGroup> all;
  all.reserve(groups.size());
  for (const LayerGroup& group : groups) {
    KvGroup& made =
        all.emplace_back(KvGroup{group.first(), group.layers(), group.first().page_size(), group.uniform_type, {}});
    if (!group.uniform_type) continue;
    made.page = group.pages();
    for (const LayerGroup::Member& member : group.members) made.members.push_back({member.spec, member.total()});
  }
  return all;
}

/// Blocks that take part in prefix caching set the scheduler's block size.
Tokens scheduler_block(const KvGrouping& grouping, vllm::Date as_of) {
  if (groups_by_stage(as_of)) return grouping.cache_block_size;
  std::optional<Tokens> cached, any;
  for (const LayerGroup& group : grouping.groups) {
    const KvSpec& spec = group.first();
    any = std::min(any.value_or(spec.block_size), spec.block_size);
    if (spec.kind == KvSpec::Kind::kCircularBuffer || spec.bounded_replay) continue;
    cached = std::min(cached.value_or(spec.block_size), spec.block_size);
  }
  return cached.value_or(any.value_or(grouping.cache_block_size));
}

/// What stands for a refusal where nobody reads it; short enough not to be allocated.
constexpr const char* kRefused = "refused";

/// One planning run: the steps share the grouping, the settings and the plan that they fill.
class Planning {
 public:
  /// `words`: whether the plan's sentences and groups are asked for too.
  Planning(const KvGrouping& grouping, std::span<const Bytes> available, vllm::Date as_of, const KvSettings& settings,
           bool words)
      : grouping_(grouping),
        settings_(settings),
        as_of_(as_of),
        words_(words),
        demand_(demand(settings, as_of)),
        memory_(available.begin(), available.end()) {
    plan_.max_model_len = settings.max_model_len;
    if (!words) return;
    said_ = grouping.log_by_stage;
    plan_.grouping_log = grouping.log;
  }

  KvPlan run() {
    plan_.block_size = scheduler_block(grouping_, as_of_);
    if (grouping_.layers.empty()) return without_cache();
    const bool grouped = !grouping_.refusal;
    if (grouped || checks_layers(as_of_)) judge(grouped);
    if (!plan_.refusal && !grouped) refuse([&] { return *grouping_.refusal; });
    if (!plan_.refusal && grouped) {
      divide();
      report();
    }
    if (!words_) return std::move(plan_);
    for (std::vector<std::string>& lines : said_) std::move(lines.begin(), lines.end(), std::back_inserter(plan_.log));
    plan_.groups = shown(plan_.refusal ? grouping_.groups : groups_on(grouping_, 0));
    return std::move(plan_);
  }

 private:
  KvPlan without_cache() {
    // The block pool always has its null block.
    plan_.num_blocks = 1;
    plan_.bytes_per_block.assign(grouping_.stages, Bytes(0));
    plan_.pool.assign(grouping_.stages, Bytes(0));
    plan_.needed.assign(grouping_.stages, Bytes(0));
    if (settings_.fit_max_model_len) say([&] { return fitted_without_cache(settings_.max_model_len, as_of_); });
    return std::move(plan_);
  }

  template <class Sentence>
  void refuse(const Sentence& sentence) {
    plan_.refusal = words_ ? std::string(sentence()) : kRefused;
  }
  template <class Line>
  void say(const Line& line) {
    if (!words_) return;
    if (std::string text = line(); !text.empty()) plan_.log.push_back(std::move(text));
  }
  /// Where each stage plans for itself, its lines stay together.
  template <class Line>
  void say_on(std::size_t stage, const Line& line) {
    if (words_ && stage < said_.size())
      said_[stage].push_back(line());
    else
      say(line);
  }

  /// What a block takes, what a request needs, and whether it fits.
  void judge(bool grouped) {
    if (grouped) {
      for (std::size_t stage = 0; stage < grouping_.stages; ++stage) {
        const KvGrouping::Block& block = grouping_.blocks[stage];
        plan_.bytes_per_block.push_back(block.bytes);
        if (!plan_.refusal && block.refusal) refuse([&] { return *block.refusal; });
      }
      override_memory();
    }
    std::vector<Bytes> checked;
    for (std::size_t stage = 0; stage < grouping_.stages; ++stage)
      checked.push_back(grouped ? checked_memory(grouping_, stage, memory_[stage], as_of_) : memory_[stage]);
    const Tokens length = settings_.max_model_len;
    for (std::size_t stage = 0; stage < grouping_.stages; ++stage)
      plan_.needed.push_back(needed_bytes(grouping_, stage, length, demand_));
    if (words_) estimate(checked);
    if (plan_.refusal) return;
    if (settings_.fit_max_model_len) {
      Fitted fit = fit_length(grouping_, checked, length, demand_);
      if (fit.refusal) return refuse([&] { return *fit.refusal; });
      plan_.max_model_len = fit.length;
      say([&] { return fit.line; });
    }
    // Where each stage plans for itself, those after one that is refused are not looked at.
    std::span<const Bytes> looked_at = checked;
    if (grouping_.refusal && groups_by_stage(as_of_)) looked_at = looked_at.first(grouping_.refused_stage + 1);
    if (const auto found = misfit(grouping_, looked_at, plan_.max_model_len, demand_))
      refuse([&] { return sentence(*found, grouping_, plan_.max_model_len, demand_); });
  }

  void override_memory() {
    if (!settings_.num_gpu_blocks_override || vllm::in_force(kOverride, as_of_) != Override::kMemory) return;
    for (std::size_t stage = 0; stage < grouping_.stages; ++stage) {
      const Bytes block = plan_.bytes_per_block[stage];
      if (block == Bytes(0)) continue;
      say([&] { return overridden(whole_blocks(memory_[stage], block), *settings_.num_gpu_blocks_override); });
      memory_[stage] = block * *settings_.num_gpu_blocks_override;
    }
  }

  /// The search is worth its steps only where the length does not fit.
  void estimate(const std::vector<Bytes>& checked) {
    for (std::size_t stage = 0; stage < grouping_.stages; ++stage) {
      if (plan_.needed[stage] <= checked[stage]) continue;
      const Tokens length = longest_fitting(grouping_, stage, checked[stage], settings_.max_model_len, demand_);
      if (length < plan_.estimated_max_model_len.value_or(settings_.max_model_len))
        plan_.estimated_max_model_len = length;
    }
  }

  /// Blocks of each stage, then the smallest for all.
  void divide() {
    const Override rule = vllm::in_force(kOverride, as_of_);
    for (std::size_t stage = 0; stage < grouping_.stages; ++stage) {
      const Bytes block = grouping_.blocks[stage].divided;
      if (block == Bytes(0)) {
        blocks_.push_back(0);
        continue;
      }
      std::int64_t blocks = std::max<std::int64_t>(memory_[stage] / block, 0);
      if (settings_.num_gpu_blocks_override) {
        if (rule != Override::kMemory)
          say_on(stage, [&] { return overridden(blocks, *settings_.num_gpu_blocks_override); });
        if (rule != Override::kNothing) blocks = *settings_.num_gpu_blocks_override;
      }
      blocks_.push_back(blocks);
      smallest_ = std::min(smallest_.value_or(blocks), blocks);
    }
    plan_.num_blocks = smallest_.value_or(0);
    const bool shrinks = vllm::in_force(kShrinksTensors, as_of_);
    if (shrinks && plan_.num_blocks == 0) refuse([] { return kNoBlocksToShrink; });
    const bool all_alike = vllm::in_force(kSmallestFirst, as_of_);
    for (std::size_t stage = 0; stage < grouping_.stages; ++stage)
      plan_.pool.push_back(plan_.bytes_per_block[stage] * (all_alike ? plan_.num_blocks : blocks_[stage]));
  }

  void report() {
    if (splits_windows(grouping_.groups, demand_)) return refuse([] { return kNoContextParallelWindow; });
    plan_.blocks_per_request = request_blocks(0);
    const std::int64_t together = blocks_together(groups_on(grouping_, 0), plan_.blocks_per_request, as_of_);
    plan_.max_concurrency = concurrency(together, plan_.num_blocks);
    plan_.tokens = tokens(0, together, plan_.num_blocks);
    const bool all_alike = vllm::in_force(kSmallestFirst, as_of_);
    for (std::size_t stage = 0; stage < grouping_.stages; ++stage) {
      const std::int64_t ranks = demand_.context_ranks;
      if (ranks > 1 && multiplies(stage)) say_on(stage, [&] { return multiplied(ranks, as_of_); });
      if (all_alike) continue;
      const std::int64_t own = blocks_together(groups_on(grouping_, stage), request_blocks(stage), as_of_);
      plan_.tokens_by_stage.push_back(tokens(stage, own, blocks_[stage]));
      plan_.concurrency_by_stage.push_back(concurrency(own, blocks_[stage]));
    }
    if (!all_alike) plan_.tokens = *std::min_element(plan_.tokens_by_stage.begin(), plan_.tokens_by_stage.end());
  }

  [[nodiscard]] std::vector<std::int64_t> request_blocks(std::size_t stage) const {
    std::vector<std::int64_t> blocks;
    for (const LayerGroup& group : groups_on(grouping_, stage))
      blocks.push_back(blocks_of(group, plan_.max_model_len, demand_));
    return blocks;
  }

  /// Whether the tokens of all context-parallel ranks are counted together.
  [[nodiscard]] bool multiplies(std::size_t stage) const {
    const Capacity rule = vllm::in_force(kCapacity, as_of_);
    return rule == Capacity::kGroups || (rule == Capacity::kTypeOrGroups && groups_on(grouping_, stage).size() == 1);
  }

  /// `request`: blocks that one holds over all groups.
  [[nodiscard]] double concurrency(std::int64_t request, std::int64_t blocks) const {
    const double length = double(std::max<std::int64_t>(plan_.max_model_len.count(), 1));
    if (vllm::in_force(kCapacity, as_of_) == Capacity::kBlocks)
      return double((grouping_.cache_block_size * blocks).count()) / length;
    return request > 0 ? double(blocks) / double(request) : 0;
  }

  [[nodiscard]] Tokens tokens(std::size_t stage, std::int64_t request, std::int64_t blocks) const {
    const std::span<const LayerGroup> groups = groups_on(grouping_, stage);
    const std::int64_t ranks = multiplies(stage) ? demand_.context_ranks : 1;
    Tokens block = grouping_.cache_block_size;
    switch (vllm::in_force(kCapacity, as_of_)) {
      case Capacity::kBlocks:
        return block * blocks;
      case Capacity::kTypeOrGroups:
        if (groups.size() == 1) return block * blocks * ranks;
        [[fallthrough]];
      case Capacity::kGroups:
        if (groups.empty()) return Tokens(0);
        block = groups.front().first().block_size;
        for (const LayerGroup& group : groups) block = std::min(block, group.first().block_size);
        return block * (blocks / std::int64_t(groups.size())) * ranks;
      case Capacity::kConcurrency:
        break;
    }
    // Python's int() of a double: towards zero, and exact however large.
    const double exact = concurrency(request, blocks) * double(plan_.max_model_len.count());
    return Tokens(exact < 9.2e18 ? std::int64_t(exact) : std::numeric_limits<std::int64_t>::max());
  }

  const KvGrouping& grouping_;
  const KvSettings& settings_;
  vllm::Date as_of_;
  bool words_;
  Demand demand_;
  std::vector<Bytes> memory_;
  std::vector<std::vector<std::string>> said_;  // a stage, up to 0.10
  std::vector<std::int64_t> blocks_;            // a stage
  std::optional<std::int64_t> smallest_;
  KvPlan plan_;
};

}  // namespace

KvPlan plan_kv(std::span<const KvSpecs> stages, std::span<const Bytes> available, const Parallel&,
               const Platform& platform, const KvSettings& settings) {
  if (plans_as_v0(platform.as_of, settings)) return plan_kv(group_v0(stages), available, platform, settings);
  return plan_kv(group_layers(stages, platform.as_of, settings), available, platform, settings);
}

KvPlan plan_kv(const KvGrouping& grouping, std::span<const Bytes> available, const Platform& platform,
               const KvSettings& settings) {
  if (plans_as_v0(platform.as_of, settings)) return plan_v0(grouping, available, platform.as_of, settings);
  return Planning(grouping, available, platform.as_of, settings, true).run();
}

KvPlan kv_numbers(const KvGrouping& grouping, std::span<const Bytes> available, const Platform& platform,
                  const KvSettings& settings) {
  if (plans_as_v0(platform.as_of, settings)) return plan_v0(grouping, available, platform.as_of, settings);
  return Planning(grouping, available, platform.as_of, settings, false).run();
}

std::string printed_concurrency(double concurrency) { return fixed(concurrency, 2) + "x"; }

}  // namespace vram::memory
