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

Limits by_size(const hardware::Gpu& gpu, vllm::Date day) {
  const Bytes total = gpu.driver_total.count() > 0 ? gpu.driver_total : gpu.total;
  if (total >= Bytes(160 * kGiB) && vllm::in_force(kHasLargest, day)) return kLargest;
  const bool a100 = lower(gpu.driver_name).find("a100") != std::string::npos;
  const bool gb10 = gpu.capability == hardware::Capability{12, 1} && vllm::in_force(kGb10IsSmall, day);
  return total >= Bytes(70 * kGiB) && !a100 && !gb10 ? kLarge : kSmall;
}

/// Tokens of the largest item that one prompt may hold, where the config alone says.
///
///   source  vllm v0.33.0 vllm/model_executor/models/{bagel,moondream3,gemma4_mm}.py, get_mm_max_tokens_per_item
std::int64_t largest_item(const Launch& launch) {
  const HfConfig root = launch.root();
  const std::string& type = root.model_type();
  constexpr std::int64_t kMoondream3 = 730, kGemma4Frames = 32, kGemma4FrameTokens = 70 + 2 + 6;
  if (type == "bagel") {
    const std::int64_t side = root.whole("vit_max_num_patch_per_side").value_or(70);
    return side * side;
  }
  if (type == "moondream3") return kMoondream3;
  if (!type.starts_with("gemma4")) return 0;
  const json::Value* vision = launch.source.config.find("vision_config");
  const std::int64_t image = vision ? HfConfig(*vision).whole("default_output_length").value_or(0) : 0;
  return std::max(image, kGemma4Frames * kGemma4FrameTokens);
}

bool batches_experts(const Launch& launch) {
  const std::string backend = launch.text("all2all_backend");
  return vllm::in_force(kSmallExpertBatches, launch.day) && launch.plan.parallel.expert &&
         launch.plan.parallel.data > 1 && (backend == "deepep_low_latency" || backend == "nixl_ep");
}

Limits defaults(const Launch& launch, std::optional<std::int64_t> tokens, std::optional<std::int64_t> sequences) {
  const Deployment& plan = launch.plan;
  const Bending& bending = vllm::in_force(kBending, launch.day);
  Limits limits = by_size(plan.gpu, launch.day);
  if (batches_experts(launch)) limits.batched_tokens = kExpertBatch;
  if (launch.text("performance_mode") == "throughput") {
    limits.batched_tokens *= 2;
    limits.sequences *= 2;
  }
  limits.sequences = sequences.value_or(limits.sequences);
  if (tokens) {
    limits.batched_tokens = *tokens;
  } else {
    const std::int64_t length = plan.kv.max_model_len.count();
    if (!plan.chunked_prefill)
      limits.batched_tokens = bending.keeps_least ? std::max(length, limits.batched_tokens) : length;
    if (plan.kv.multimodal_prefix && bending.fits_images)
      limits.batched_tokens = std::max(limits.batched_tokens, largest_item(launch));
    if (bending.caps_tokens)
      limits.batched_tokens = saturated(std::min(Wide(limits.sequences) * length, Wide(limits.batched_tokens)));
  }
  if (!sequences && bending.caps_sequences) limits.sequences = std::min(limits.sequences, limits.batched_tokens);
  return limits;
}

std::string number(std::int64_t n) { return std::to_string(n); }

Stop check(const Launch& launch, const Limits& limits) {
  const std::int64_t length = launch.plan.kv.max_model_len.count();
  if (limits.batched_tokens < length && !launch.plan.chunked_prefill)
    return refused("max_num_batched_tokens (" + number(limits.batched_tokens) + ") is smaller than max_model_len (" +
                   number(length) +
                   "). This effectively limits the maximum sequence length to max_num_batched_tokens and makes vLLM "
                   "reject longer sequences. Please increase max_num_batched_tokens or decrease max_model_len.");
  if (limits.batched_tokens < limits.sequences)
    return refused("max_num_batched_tokens (" + number(limits.batched_tokens) +
                   ") must be greater than or equal to max_num_seqs (" + number(limits.sequences) + ").");
  if (const auto active = launch.whole("max_num_active_seqs"); active && *active > limits.sequences)
    return refused("max_num_active_seqs (" + number(*active) + ") cannot be greater than max_num_seqs (" +
                   number(limits.sequences) + ").");
  if (const auto prefill = launch.whole("long_prefill_token_threshold"); prefill && *prefill > length)
    return refused("long_prefill_token_threshold (" + number(*prefill) +
                   ") cannot be greater than the max_model_len (" + number(length) + ").");
  return std::nullopt;
}

/// How long an encoder's input is taken to be.
constexpr vllm::Step<bool> kEncoderFillsBatch[] = {
    {{}, false, "vllm v0.10.2 vllm/config/__init__.py: the model's own limit"},
    {{2025, 12, 1}, true, "~vllm v0.14.1 vllm/config/scheduler.py, max_num_encoder_input_tokens"},
};
static_assert(vllm::well_formed(kEncoderFillsBatch));

std::int64_t encoder_tokens(const Launch& launch, const Limits& limits) {
  if (!launch.encoder_decoder) return 0;
  if (vllm::in_force(kEncoderFillsBatch, launch.day)) return limits.batched_tokens;
  return launch.text().whole("max_source_positions").value_or(limits.batched_tokens);
}

}  // namespace

Stop choose_scheduler(Launch& launch) {
  const auto tokens = launch.whole("max_num_batched_tokens"), sequences = launch.whole("max_num_seqs");
  for (const auto& [name, value] : {std::pair{"max_num_batched_tokens", tokens}, std::pair{"max_num_seqs", sequences}})
    if (value && *value < 1)
      return Error{ErrorCode::kBadInput, '"' + std::string(name) + '"',
                   "expected a whole number of at least 1, found " + number(*value), ""};
  if (launch.plan.kv.v0_engine) {
    choose_scheduler_v0(launch);
    return check(launch, {launch.plan.kv.max_num_batched_tokens, launch.plan.kv.max_num_seqs});
  }
  Limits limits = defaults(launch, tokens, sequences);
  if (Stop stop = check(launch, limits)) return stop;
  // source  vllm v0.33.0 vllm/model_executor/models/config.py, DiffusionGemma: its canvas is drawn for a few at a time
  constexpr std::int64_t kDiffusionUsual = 128, kDiffusionSequences = 8;
  if (launch.is_architecture({"DiffusionGemmaForBlockDiffusion"}) && limits.sequences >= kDiffusionUsual)
    limits.sequences = kDiffusionSequences;
  launch.plan.kv.encoder_tokens = encoder_tokens(launch, limits);
  launch.plan.kv.max_num_batched_tokens = limits.batched_tokens;
  launch.plan.kv.max_num_seqs = limits.sequences;
  return std::nullopt;
}

}  // namespace vram::plan
