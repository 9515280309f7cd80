#include "memory/block_sizes.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>

#include "memory/hybrid_alignment.h"

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using vllm::Step;

constexpr Tokens kDefaultBlock(16);

// Whom vLLM asks for the block size.
enum class Asked { kNobody, kFirstLayer, kFirstAttention, kAll };
constexpr Step<Asked> kAsked[] = {
    {{}, Asked::kNobody, "vllm v0.17.0 vllm/platforms/cuda.py check_and_update_config"},
    {{2026, 3, 9}, Asked::kFirstLayer, "https://github.com/vllm-project/vllm/commit/77a73458e3"},
    {{2026, 4, 20}, Asked::kFirstAttention, "~vllm v0.20.0 vllm/platforms/interface.py update_block_size_for_backend"},
    {{2026, 10, 1}, Asked::kAll, "~vllm v0.31.0, the same"},
};

// Pages of layers that keep the model's dtype beside quantised ones.
constexpr Step<bool> kFitsSkipped[] = {
    {{}, false, "vllm v0.24.0 vllm/platforms/interface.py"},
    {{2026, 7, 5}, true, "~vllm v0.25.0, the same, _align_heterogeneous_kv_block_size"},
};

// The block that the alignments arrive at is checked against the backends.
constexpr Step<bool> kChecks[] = {{{}, false, "vllm v0.31.0 vllm/platforms/interface.py"},
                                  {{2026, 10, 20}, true, "~vllm v0.32.0, the same, _check_aligned_block_size"}};

// mamba_cache_mode: prefix caching of recurrent states came first, then a mode of its own.
enum class MambaMode { kNone, kAllWithPrefixes, kOwn };
constexpr Step<MambaMode> kMambaMode[] = {
    {{}, MambaMode::kNone, "vllm v0.11.0 model_executor/models/config.py MambaModelConfig"},
    {{2025, 11, 11}, MambaMode::kAllWithPrefixes, "~vllm v0.11.1, the same"},
    {{2026, 2, 9}, MambaMode::kOwn, "~vllm v0.16.0, the same"},
};

// With prefix caching a state's block is the cache's, where nothing else makes it larger.
constexpr Step<bool> kMambaFollowsCache[] = {
    {{}, false, "vllm v0.13.0 model_executor/models/config.py MambaModelConfig"},
    {{2026, 1, 13}, true, "~vllm v0.14.0, the same"},
};
static_assert(well_formed(kAsked) && well_formed(kFitsSkipped) && well_formed(kChecks) && well_formed(kMambaMode) &&
              well_formed(kMambaFollowsCache));

Tokens mamba_block(const BlockQuestion& question, vllm::Date day) {
  const KvShape& settings = question.settings;
  if (settings.mamba_block_size) return *settings.mamba_block_size;
  return state_blocks_follow_length(settings, day) ? question.max_model_len
                                                   : settings.block_size.value_or(kDefaultBlock);
}

std::string listed(const std::vector<KernelBlock>& pages) {
  std::string text;
  for (const KernelBlock& page : pages) {
    const std::string tokens = std::to_string(page.tokens);
    text.append(text.empty() ? "" : ", ").append(page.multiple ? "MultipleOf(base=" + tokens + ")" : tokens);
  }
  return "[" + text + "]";
}

/// The smallest block that every backend takes: the least common multiple of one page of each.
Result<Tokens> shared_block(const std::vector<Backend>& backends, const AttentionContext& context) {
  if (backends.size() == 1) return preferred_block_size(backends.front(), context, kDefaultBlock);
  const auto suits = [&](std::int64_t block) {
    return std::all_of(backends.begin(), backends.end(),
                       [&](Backend backend) { return supports_block_size(backend, context, Tokens(block)); });
  };
  if (suits(kDefaultBlock.count())) return kDefaultBlock;
  std::set<std::int64_t> candidates = {1};
  for (const Backend backend : backends) {
    std::set<std::int64_t> next;
    for (const KernelBlock& page : kernel_blocks(backend, context))
      for (const std::int64_t block : candidates) next.insert(std::lcm(block, page.tokens));
    candidates = std::move(next);
  }
  const auto found = std::find_if(candidates.begin(), candidates.end(), suits);
  if (found != candidates.end()) return Tokens(*found);
  std::string all;
  for (const Backend backend : backends)
    all.append(all.empty() ? "" : "; ")
        .append(name(backend, context.platform.as_of))
        .append(": ")
        .append(listed(kernel_blocks(backend, context)));
  return Error{ErrorCode::kRefused, "", "The attention backends share no supported KV cache block size (" + all + ").",
               ""};
}

/// The block grows until one page of a quantised layer holds a page of an unquantised one.
void fit_skipped(const BlockQuestion& question, BlockSizes& sizes) {
  if (!question.pages.skipped || *question.pages.skipped == question.pages.token) return;
  const std::int64_t kernel = smallest_kernel_block(question.backends.front(), question.context);
  const std::int64_t step = std::max(kernel, sizes.block.count());
  const Bytes required = std::max(*question.pages.skipped * kernel, sizes.mamba_page.value_or(Bytes(0)));
  const Bytes page = question.pages.token;
  const std::int64_t block = step * ceil_div(required.count(), (page * step).count());
  sizes.block = std::max(sizes.block, Tokens(block));
  sizes.skipped_page = page * sizes.block.count();
  if (sizes.mamba_page) sizes.mamba_page = sizes.skipped_page;
}

std::optional<Error> check(const BlockQuestion& question, const BlockSizes& sizes) {
  std::string rejecting;
  for (const Backend backend : question.backends)
    if (!supports_block_size(backend, question.context, sizes.block))
      rejecting.append(rejecting.empty() ? "" : ", ").append(name(backend, question.context.platform.as_of));
  if (rejecting.empty()) return std::nullopt;
  return Error{ErrorCode::kRefused, "",
               "Aligned KV cache block size " + std::to_string(sizes.block.count()) +
                   " is not supported by attention backend(s): " + rejecting + ".",
               ""};
}

}  // namespace

bool backends_come_first(vllm::Date as_of) { return vllm::in_force(kAsked, as_of) != Asked::kNobody; }

bool state_blocks_follow_length(const KvShape& settings, vllm::Date as_of) {
  return !settings.mamba_block_size && !(settings.prefix_caching && vllm::in_force(kMambaFollowsCache, as_of));
}

std::string_view mamba_cache_mode(const KvShape& settings, vllm::Date as_of) {
  const MambaMode rule = vllm::in_force(kMambaMode, as_of);
  if (rule == MambaMode::kAllWithPrefixes && settings.prefix_caching) return "all";
  return rule == MambaMode::kOwn && !settings.mamba_cache_mode.empty() ? settings.mamba_cache_mode
                                                                       : std::string_view("none");
}

BlockSizes configured_block_sizes(const BlockQuestion& question) {
  const vllm::Date day = question.context.platform.as_of;
  BlockSizes sizes;
  sizes.block = question.settings.block_size.value_or(kDefaultBlock);
  sizes.mamba_block = mamba_block(question, day);
  if (question.recurrent && vllm::in_force(kAsked, day) <= Asked::kFirstLayer) align_hybrid(question, sizes);
  return sizes;
}

Result<BlockSizes> block_sizes(const BlockQuestion& question) {
  const vllm::Date day = question.context.platform.as_of;
  const Asked asked = vllm::in_force(kAsked, day);
  BlockSizes sizes = configured_block_sizes(question);
  const bool said = question.settings.block_size.has_value();
  if (asked == Asked::kFirstLayer) {
    // A hybrid's specs go back to the default, and the planner makes their pages alike.
    if (!said) sizes.block = kDefaultBlock;
    if (!said && !question.recurrent && !question.backends.empty())
      sizes.block = preferred_block_size(question.backends.front(), question.context, kDefaultBlock);
    return sizes;
  }
  if (question.backends.empty()) return sizes;
  if (!said) {
    auto block = asked == Asked::kAll
                     ? shared_block(question.backends, question.context)
                     : Result(preferred_block_size(question.backends.front(), question.context, kDefaultBlock));
    if (!block) return block.error();
    sizes.block = *block;
  }
  const Tokens before = sizes.block;
  if (question.recurrent) align_hybrid(question, sizes);
  if (vllm::in_force(kFitsSkipped, day)) fit_skipped(question, sizes);
  if (sizes.block != before && vllm::in_force(kChecks, day))
    if (auto error = check(question, sizes)) return *error;
  return sizes;
}

}  // namespace vram::memory
