// max_num_batched_tokens and max_num_seqs: by the size of the GPU, for an API server.
//
// source  vllm v0.33.0 vllm/engine/arg_utils.py, get_batch_defaults, _set_default_max_num_seqs_and_batched_tokens_args;
//         vllm/config/scheduler.py, verify_max_model_len
#include <algorithm>

#include "plan/launch.h"
#include "units/text.h"

namespace vram::plan {
namespace {

struct Limits {
  std::int64_t batched_tokens, sequences;
};
constexpr Bytes kLargeMemory(70 * kGiB), kLargestMemory(160 * kGiB);
constexpr Limits kLargest{16384, 1024}, kLarge{8192, 1024}, kSmall{2048, 256};

/// From then on GPUs of 160 GiB and more have a class of their own.
constexpr vllm::Step<bool> kHasLargest[] = {
    {{}, false, "vllm v0.25.1 vllm/engine/arg_utils.py, get_batch_defaults"},
    {{2026, 8, 11}, true, "~vllm v0.28.0 vllm/engine/arg_utils.py, get_batch_defaults"},
};
static_assert(vllm::well_formed(kHasLargest));

/// From then on GB10 counts as small: it has the memory of a large GPU, not its speed.
constexpr vllm::Step<bool> kGb10IsSmall[] = {
    {{}, false, "vllm v0.28.0 vllm/engine/arg_utils.py, get_batch_defaults"},
    {{2026, 10, 1}, true, "~vllm v0.33.0 vllm/engine/arg_utils.py, get_batch_defaults"},
};
static_assert(vllm::well_formed(kGb10IsSmall));

/// How the defaults are bent to the model, by era.
struct Bending {
  bool caps_sequences;  // to the batched tokens
  bool keeps_least;     // without chunked prefill a batch is at least the default, not exactly one sequence
  bool caps_tokens;     // to what all sequences can hold
  bool fits_images;     // of a model that looks both ways over them
};
constexpr vllm::Step<Bending> kBending[] = {
    {{}, {false, true, false, false}, "vllm v0.9.2 vllm/engine/arg_utils.py, _set_default_args_v1"},
    {{2025, 8, 1}, {true, false, false, false}, "~vllm v0.10.2 vllm/engine/arg_utils.py, _set_default_args_v1"},
    {{2025, 12, 1}, {true, true, true, false}, "~vllm v0.14.1 vllm/engine/arg_utils.py"},
    {{2026, 6, 1}, {true, true, true, true}, "~vllm v0.25.1 vllm/engine/arg_utils.py, _get_min_mm_batched_tokens"},
};
static_assert(vllm::well_formed(kBending));

/// Expert kernels that take fixed batches get small ones.
constexpr vllm::Step<bool> kSmallExpertBatches[] = {
    {{}, false, "vllm v0.19.0 vllm/engine/arg_utils.py"},
    {{2026, 6, 1}, true, "~vllm v0.25.1 vllm/config/parallel.py, use_batched_dp_moe"},
};
static_assert(vllm::well_formed(kSmallExpertBatches));
constexpr std::int64_t kExpertBatch = 256;

/// GPUs that count as small whatever their memory.
bool is_small(const hardware::Gpu& gpu, vllm::Date day) {
  const bool gb10 = gpu.capability == hardware::Capability{12, 1} && vllm::in_force(kGb10IsSmall, day);
  return gb10 || lower(gpu.driver_name).find("a100") != std::string::npos;
}

Limits by_size(Bytes total, bool small, vllm::Date day) {
  if (total >= kLargestMemory && vllm::in_force(kHasLargest, day)) return kLargest;
  return total >= kLargeMemory && !small ? kLarge : kSmall;
}

/// Tokens of the largest item that one prompt may hold, where the config alone says.
///
///   source  vllm v0.33.0 vllm/model_executor/models/{bagel,moondream3,gemma4_mm}.py, get_mm_max_tokens_per_item
std::int64_t largest_item(const Launch& launch) {
  const HfConfig& root = launch.root();
  const std::string& type = root.model_type();
  constexpr std::int64_t kMoondream3 = 730, kGemma4Frames = 32, kGemma4FrameTokens = 70 + 2 + 6;
  if (type == "bagel") {
    const std::int64_t side = root.whole("vit_max_num_patch_per_side").value_or(70);
    return side * side;
  }
  if (type == "moondream3") return kMoondream3;
  if (!type.starts_with("gemma4")) return 0;
  const json::Value* vision = launch.source().config.find("vision_config");
  const std::int64_t image = vision ? HfConfig(*vision).whole("default_output_length").value_or(0) : 0;
  return std::max(image, kGemma4Frames * kGemma4FrameTokens);
}

bool batches_experts(const Launch& launch) {
  const std::string backend = launch.text("all2all_backend");
  return vllm::in_force(kSmallExpertBatches, launch.day) && launch.plan.parallel.expert &&
         launch.plan.parallel.data > 1 && (backend == "deepep_low_latency" || backend == "nixl_ep");
}

Limits defaults(const BatchRule& rule, const AskedSizes& asked, Bytes total, bool chunked_prefill,
                std::int64_t length) {
  const Bending& bending = vllm::in_force(kBending, rule.day);
  Limits limits = by_size(total, rule.small_gpu, rule.day);
  if (rule.expert_batches) limits.batched_tokens = kExpertBatch;
  if (rule.throughput) {
    limits.batched_tokens *= 2;
    limits.sequences *= 2;
  }
  limits.sequences = asked.max_num_seqs.value_or(limits.sequences);
  if (asked.max_num_batched_tokens) {
    limits.batched_tokens = *asked.max_num_batched_tokens;
  } else {
    if (!chunked_prefill)
      limits.batched_tokens = bending.keeps_least ? std::max(length, limits.batched_tokens) : length;
    if (bending.fits_images) limits.batched_tokens = std::max(limits.batched_tokens, rule.largest_item);
    if (bending.caps_tokens)
      limits.batched_tokens = saturated(std::min(Wide(limits.sequences) * length, Wide(limits.batched_tokens)));
  }
  if (!asked.max_num_seqs && bending.caps_sequences)
    limits.sequences = std::min(limits.sequences, limits.batched_tokens);
  return limits;
}

std::string number(std::int64_t n) { return std::to_string(n); }

Stop check(const BatchRule& rule, const Limits& limits, bool chunked_prefill, std::int64_t length) {
  if (limits.batched_tokens < length && !chunked_prefill)
    return refused("max_num_batched_tokens (" + number(limits.batched_tokens) + ") is smaller than max_model_len (" +
                   number(length) +
                   "). This effectively limits the maximum sequence length to max_num_batched_tokens and makes vLLM "
                   "reject longer sequences. Please increase max_num_batched_tokens or decrease max_model_len.");
  if (limits.batched_tokens < limits.sequences)
    return refused("max_num_batched_tokens (" + number(limits.batched_tokens) +
                   ") must be greater than or equal to max_num_seqs (" + number(limits.sequences) + ").");
  if (const auto active = rule.max_num_active_seqs; active && *active > limits.sequences)
    return refused("max_num_active_seqs (" + number(*active) + ") cannot be greater than max_num_seqs (" +
                   number(limits.sequences) + ").");
  if (const auto prefill = rule.long_prefill_token_threshold; prefill && *prefill > length)
    return refused("long_prefill_token_threshold (" + number(*prefill) +
                   ") cannot be greater than the max_model_len (" + number(length) + ").");
  return std::nullopt;
}

BatchRule batch_rule(const Launch& launch) {
  const Deployment& plan = launch.plan;
  BatchRule rule;
  rule.day = launch.day;
  rule.v0 = plan.kv.v0_engine;
  rule.small_gpu = is_small(plan.gpu, launch.day);
  rule.expert_batches = batches_experts(launch);
  rule.throughput = launch.text("performance_mode") == "throughput";
  rule.pooling = launch.pooling();
  rule.multimodal = launch.multimodal;
  rule.diffusion = launch.is_architecture({"DiffusionGemmaForBlockDiffusion"});
  rule.largest_item = plan.kv.multimodal_prefix ? largest_item(launch) : 0;
  rule.max_num_active_seqs = launch.whole("max_num_active_seqs");
  rule.long_prefill_token_threshold = launch.whole("long_prefill_token_threshold");
  return rule;
}

}  // namespace

std::vector<Bytes> batch_classes() { return {kLargeMemory, kLargestMemory}; }

Bytes memory_class(const hardware::Gpu& gpu) { return gpu.driver_total.count() > 0 ? gpu.driver_total : gpu.total; }

Stop BatchRule::apply(const AskedSizes& asked, Bytes total, bool chunked_prefill, memory::KvSettings& kv) const {
  for (const auto& [name, value] : {std::pair{"max_num_batched_tokens", asked.max_num_batched_tokens},
                                    std::pair{"max_num_seqs", asked.max_num_seqs}})
    if (value && *value < 1)
      return Error{ErrorCode::kBadInput, '"' + std::string(name) + '"',
                   "expected a whole number of at least 1, found " + number(*value), ""};
  const std::int64_t length = kv.max_model_len.count();
  if (v0) {
    choose_batches_v0(*this, asked, chunked_prefill, kv);
    return check(*this, {kv.max_num_batched_tokens, kv.max_num_seqs}, chunked_prefill, length);
  }
  const Limits limits = defaults(*this, asked, total, chunked_prefill, length);
  kv.max_num_batched_tokens = limits.batched_tokens;
  kv.max_num_seqs = limits.sequences;
  if (Stop stop = check(*this, limits, chunked_prefill, length)) return stop;
  // source  vllm v0.33.0 vllm/model_executor/models/config.py, DiffusionGemma: its canvas is drawn for a few at a time
  constexpr std::int64_t kDiffusionUsual = 128, kDiffusionSequences = 8;
  if (diffusion && limits.sequences >= kDiffusionUsual) kv.max_num_seqs = kDiffusionSequences;
  return std::nullopt;
}

Stop choose_scheduler(Launch& launch) {
  launch.schedule.batches = batch_rule(launch);
  if (launch.open) return std::nullopt;
  return launch.schedule.batches.apply(launch.asked_sizes(), memory_class(launch.plan.gpu), launch.plan.chunked_prefill,
                                       launch.plan.kv);
}

}  // namespace vram::plan
