#include "memory/activations.h"

#include <algorithm>

#include "memory/parameters.h"

namespace vram::memory {
namespace {

/// Bytes the sampler holds for each logit of the profiled rows.
struct Sampler {
  std::int64_t bytes_per_logit;
  bool top_k_buffer;  // a row of fp32 per multiprocessor
};

constexpr vllm::Step<Sampler> kSampler[] = {
    {{},
     {38, false},
     "native sort: bf16 and fp32 logits, sorted values, int64 indices and temporaries; gemma-3-4b on 0.10, Qwen3-14B "
     "on 0.16"},
    {{2026, 2, 17}, {14, true}, "https://github.com/vllm-project/vllm/pull/33538 Triton top-k/top-p"},
};
static_assert(vllm::well_formed(kSampler));

constexpr std::int64_t kSamplerV2BytesPerLogit = 11;  // Llama-3.1-8B on 0.30: one published start-up

/// Expert workspaces outlive the forward pass once vLLM keeps them in its workspace manager.
constexpr vllm::Step<bool> kWorkspacesPersist[] = {
    {{}, false, "vllm v0.12 fused_experts"},
    {{2025, 12, 12}, true, "https://github.com/vllm-project/vllm/pull/27532"},
};
static_assert(vllm::well_formed(kWorkspacesPersist));

// Hidden-size rows that live at the forward pass's widest point, fitted on the forward-bound start-ups.
constexpr double kHiddenRows = 4.2;
constexpr double kHiddenRowsFirstStage = 6.5;
constexpr Bytes kSmallTensors = Bytes(40 * kMiB);

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

/// Both workspaces of the modular Triton kernel for a token at the largest expert layer.
Bytes expert_workspace(const Model& model, const Parallel& parallel) {
  Bytes most;
  for (const Layer& layer : model.kinds)
    for (const Module& module : layer.modules) {
      const auto* experts = std::get_if<Experts>(&module);
      if (!experts) continue;
      const std::int64_t inner =
          parallel.expert ? experts->intermediate : ceil_div(experts->intermediate, parallel.expert_ranks());
      const Bytes token = Bytes(width(model.dtype)) * experts->per_token;
      const Bytes first = token * std::max(inner, experts->hidden),
                  second = token * std::max((experts->gated ? 2 : 1) * inner, experts->hidden);
      most = std::max(most, first + second);
    }
  return most;
}

}  // namespace

ActivationShape activation_shape(const Model& model, const Parallel& parallel) {
  const auto routed = [](const Module& module) { return std::holds_alternative<Experts>(module); };
  const bool mixture =
      std::ranges::any_of(model.kinds, [&](const Layer& layer) { return std::ranges::any_of(layer.modules, routed); });
  return {widest_layer(model, parallel), expert_workspace(model, parallel), mixture};
}

Activations activation_peak(const Model& model, const ActivationShape& shape, const Stage& stage,
                            const Platform& platform, const ProfileRun& run) {
  const std::int64_t element = width(model.dtype);
  const double hidden_rows = stage.first() && !stage.last() ? kHiddenRowsFirstStage : kHiddenRows;
  const double per_token = shape.widest_layer + hidden_rows * double(model.hidden);
  Activations result;
  result.forward = Bytes(element) * std::int64_t(per_token * double(run.tokens));

  const std::int64_t vocabulary = round_up(model.vocabulary, 64);
  const std::int64_t rows = std::min(run.sequences, run.tokens);
  const Sampler sampler = vllm::in_force(kSampler, platform.as_of);
  const std::int64_t per_logit = run.runner_v2 ? kSamplerV2BytesPerLogit : sampler.bytes_per_logit;
  const Bytes hidden_states = Bytes(element) * model.hidden * run.tokens;
  result.sampling = hidden_states;
  if (stage.last() && !run.pooling) {
    result.sampling += Bytes(per_logit) * rows * vocabulary + Bytes(element) * 2 * rows * model.hidden + kSmallTensors;
    if (sampler.top_k_buffer && !run.runner_v2)
      result.sampling += Bytes(4) * std::min<std::int64_t>(run.multiprocessors, rows) * vocabulary;
  }
  if (run.encoder_tokens > 0)
    result.sampling += Bytes(element) * model.hidden * std::max(run.encoder_tokens, run.tokens);

  const Bytes workspaces = shape.expert_workspace * run.tokens;
  (vllm::in_force(kWorkspacesPersist, platform.as_of) ? result.persistent : result.forward) += workspaces;
  const Bytes peak = std::max(result.forward, result.sampling) + result.persistent;
  result.peak = Estimate::about(peak, 0.08, Bytes(64 * kMiB));
  return result;
}

}  // namespace vram::memory
