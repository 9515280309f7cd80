#include "memory/activations.h"

#include <algorithm>

#include "memory/expert_workspaces.h"
#include "memory/parameters.h"

namespace vram::memory {
namespace {

/// Bytes the sampler holds beside each logit of the profiled rows.
struct Sampler {
  std::int64_t bytes_per_logit;
  bool top_k_buffer;  // a row of fp32 per multiprocessor
};

constexpr vllm::Step<Sampler> kSampler[] = {
    {{},
     {36, false},
     "native sort: fp32 logits, sorted values, int64 indices and temporaries; gemma-3-4b on 0.10, Qwen3-14B on 0.16"},
    {{2026, 2, 17}, {12, true}, "https://github.com/vllm-project/vllm/pull/33538 Triton top-k/top-p"},
};
static_assert(vllm::well_formed(kSampler));

/// The second runner samples without top-k and top-p while it profiles, until a second pass does.
constexpr vllm::Step<std::int64_t> kSamplerV2[] = {
    {{}, 0, "vllm v0.28.0 vllm/v1/worker/gpu/model_runner.py, _dummy_sampler_run"},
    {{2026, 10, 1}, 8, "~ vllm v0.33.0 the same: for_sampler_warmup"},
};
static_assert(vllm::well_formed(kSamplerV2));

/// "Peak activation" is what is gone after profiling; what persists is consumed memory.
constexpr vllm::Step<bool> kPersistentIsConsumed[] = {
    {{}, false, "vllm v0.25.1 vllm/utils/mem_utils.py, memory_profiling"},
    {{2026, 7, 20}, true, "https://github.com/vllm-project/vllm/pull/49208"},
};
static_assert(vllm::well_formed(kPersistentIsConsumed));

std::int64_t rows_of(const Linear& linear, std::int64_t ranks) {
  std::int64_t rows = 0;
  for (const Columns& columns : linear.outputs)
    rows += rows_on_rank(columns, ranks).value_or(columns.units * columns.width);
  return rows;
}

/// Elements a token needs inside the widest layer: a gated projection and its product, or a plain projection.
double widest_layer(const Model& model, const Parallel& parallel) {
  double widest = 0;
  for (const Layer& layer : model.kinds)
    for (const Module& module : layer.modules) {
      const auto* linear = std::get_if<Linear>(&module);
      if (!linear || linear->split == Linear::Input::kDivided) continue;
      const bool gated = linear->outputs.size() == 2 && linear->outputs[0] == linear->outputs[1];
      widest = std::max(widest, double(rows_of(*linear, parallel.tensor)) * (gated ? 1.5 : 1.0));
    }
  return widest;
}

template <class Kind, class Holds>
bool any_module(const Model& model, const Holds& holds) {
  return std::ranges::any_of(model.kinds, [&](const Layer& layer) {
    return std::ranges::any_of(layer.modules, [&](const Module& module) {
      const auto* kind = std::get_if<Kind>(&module);
      return kind && holds(*kind);
    });
  });
}

double hidden_rows(const ActivationShape& shape, const Stage& stage, const ActivationConstants& constants) {
  if (shape.streams) return constants.hidden_rows_streams;
  return stage.first() && !stage.last() ? constants.hidden_rows_first_stage : constants.hidden_rows;
}

/// The indexer's keys of many requests at once, gathered: fp8 rows with their scales.
///
///   source  vllm v0.13.0 and v0.19.0 vllm/v1/attention/backends/mla/indexer.py, get_max_prefill_buffer_size
Bytes sparse_workspace(const ActivationShape& shape, const ProfileRun& run) {
  constexpr std::int64_t kRequests = 40, kRow = 132;
  return shape.sparse ? Bytes(kRequests * kRow) * run.max_model_len : Bytes(0);
}

/// Logits of every sequence that may run, and what sampling makes of them.
Bytes sampling_peak(const Model& model, const Platform& platform, const ProfileRun& run, Bytes small_tensors) {
  const std::int64_t element = width(model.dtype);
  const std::int64_t vocabulary = round_up(model.vocabulary, 64);
  const std::int64_t rows = std::min(run.sequences, run.tokens);
  const Sampler sampler = vllm::in_force(kSampler, platform.as_of);
  const std::int64_t beside = run.runner_v2 ? vllm::in_force(kSamplerV2, platform.as_of) : sampler.bytes_per_logit;
  Bytes bytes = Bytes(element + beside) * rows * vocabulary + Bytes(element) * 2 * rows * model.hidden + small_tensors;
  if (sampler.top_k_buffer && !run.runner_v2)
    bytes += Bytes(4) * std::min<std::int64_t>(run.multiprocessors, rows) * vocabulary;
  return bytes;
}

}  // namespace

ActivationShape activation_shape(const Model& model, const Parallel& parallel) {
  ActivationShape shape;
  shape.widest_layer = widest_layer(model, parallel);
  shape.mixture = any_module<Experts>(model, [](const Experts&) { return true; });
  shape.streams =
      any_module<Tensor>(model, [](const Tensor& t) { return t.name.find("hc_attn_fn") != std::string::npos; });
  shape.sparse = any_module<Linear>(model, [](const Linear& l) { return l.name.find("indexer") != std::string::npos; });
  return shape;
}

Bytes forward_pass(const Model& model, const ActivationShape& shape, const Parallel& parallel, const Stage& stage,
                   const Platform& platform, std::int64_t tokens, const ActivationConstants& constants) {
  const std::int64_t element = width(model.dtype);
  const double per_token = shape.widest_layer + hidden_rows(shape, stage, constants) * double(model.hidden);
  return Bytes(element) * std::int64_t(per_token * double(tokens)) +
         expert_workspaces(model, parallel, platform, tokens, element).transient;
}

Activations activation_peak(const Model& model, const ActivationShape& shape, const Parallel& parallel,
                            const Stage& stage, const Platform& platform, const ProfileRun& run, const Towers& towers,
                            const ActivationConstants& constants) {
  const std::int64_t element = width(model.dtype);
  EncoderProfile encoder;
  if (run.encoder)
    encoder =
        encoder_profile(model, parallel, stage, towers, run.tokens, {constants.encoder_rows, constants.encoder_base});
  const Bytes kept = encoder.inputs + encoder.outputs;

  Activations result;
  result.encoder = kept + encoder.running;
  result.forward = kept + forward_pass(model, shape, parallel, stage, platform, run.tokens, constants);
  result.sampling = kept + Bytes(element) * model.hidden * run.tokens;
  if (stage.last() && !run.pooling) result.sampling += sampling_peak(model, platform, run, constants.small_tensors);

  const ExpertWorkspaces workspaces = expert_workspaces(model, parallel, platform, run.tokens, element);
  const bool consumed = vllm::in_force(kPersistentIsConsumed, platform.as_of);
  // One workspace serves all that asks for one, so the largest counts.
  (consumed ? result.consumed : result.persistent) = std::max(workspaces.persistent, sparse_workspace(shape, run));
  // The encoder is done before the first expert layer runs.
  result.peak = std::max(result.encoder, std::max(result.forward, result.sampling) + result.persistent);
  return result;
}

}  // namespace vram::memory
