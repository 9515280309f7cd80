#include "memory/parameters.h"

#include <algorithm>

#include "memory/packings.h"
#include "units/match.h"

namespace vram::memory {
namespace {

Error not_divisible(std::int64_t size, std::int64_t by) {
  // source  vllm/distributed/utils.py, ensure_divisibility
  return Error{ErrorCode::kRefused, "",
               "AssertionError: " + std::to_string(size) + " is not divisible by " + std::to_string(by), ""};
}

/// Rows of vocabulary on a rank: padded to a multiple of 64, then divided.
/// source  vllm/model_executor/layers/vocab_parallel_embedding.py
constexpr std::int64_t kVocabularyPadding = 64;

/// Whether the scales of an attention layer are buffers; before, they were plain attributes on the host.
constexpr vllm::Step<bool> kScalesAreBuffers[] = {
    {{}, false, "vllm v0.13.0 vllm/attention/layer.py, _init_kv_cache_quant"},
    {{2025, 12, 13}, true, "~ vllm v0.14.1 vllm/attention/layer.py, set_default_quant_scales"},
};
static_assert(vllm::well_formed(kScalesAreBuffers));

std::optional<Error> create_embedding(const Embedding& embedding, const Creation& around, const Sink& sink) {
  Creation creation = around;
  creation.dtype = embedding.dtype.value_or(creation.dtype);
  const std::int64_t ranks = creation.whole ? 1 : creation.parallel.tensor;
  const std::int64_t padded =
      creation.moment == Moment::kStored ? embedding.rows : round_up(embedding.rows, kVocabularyPadding);
  if (padded % ranks != 0) return not_divisible(padded, ranks);
  const LinearOnRank on_rank{embedding.name, embedding.width, {padded / ranks}, embedding.width, padded, ranks};
  if (auto refusal = create_packed(embedding.packing, on_rank, creation, sink)) return refusal;
  if (embedding.bias) sink({embedding.name, "bias", {padded / ranks}, 1, creation.dtype});
  return std::nullopt;
}

/// Around the experts, ranks of one replica take different tokens instead of different columns (sequence-parallel MoE,
/// with vLLM's default all-to-all backend).
constexpr vllm::Step<bool> kTokensDealtOut[] = {
    {{}, false, "vllm v0.10.2 vllm/model_executor/models/deepseek_v2.py: with DeepEP only"},
    {{2025, 9, 27}, true, "~ absent in v0.10.2, in v0.11.0 vllm/config/parallel.py, use_sequence_parallel_moe"},
};
static_assert(vllm::well_formed(kTokensDealtOut));

bool tokens_dealt_out(const Creation& creation) {
  const Parallel& parallel = creation.parallel;
  return parallel.expert && parallel.tensor > 1 && parallel.data > 1 &&
         vllm::in_force(kTokensDealtOut, creation.platform.as_of);
}

bool whole_by_tokens(TokenSplit tokens, const Creation& creation) {
  switch (tokens) {
    case TokenSplit::kIgnored:
      return false;
    case TokenSplit::kWhole:
      return tokens_dealt_out(creation);
    case TokenSplit::kWholeOnOneStage:
      return creation.parallel.pipeline == 1 && tokens_dealt_out(creation);
  }
  return false;
}

std::optional<Error> create_linear(const Linear& linear, const Creation& around, const Sink& sink) {
  Creation creation = around;
  creation.dtype = linear.dtype.value_or(creation.dtype);
  creation.whole = creation.whole || whole_by_tokens(linear.tokens, creation);
  const std::int64_t ranks = creation.whole ? 1 : creation.parallel.tensor;
  LinearOnRank on_rank{linear.name, linear.input, {}, linear.input, 0, ranks};
  if (linear.split == Linear::Input::kDivided) {
    if (linear.input % ranks != 0) return not_divisible(linear.input, ranks);
    on_rank.input /= ranks;
  }
  for (const Columns& columns : linear.outputs) {
    const auto rows = rows_on_rank(columns, ranks);
    if (!rows) return not_divisible(columns.units, ranks);
    on_rank.outputs.push_back(*rows);
    on_rank.output_whole += columns.split == Columns::Split::kWhole ? *rows : *rows * ranks;
  }
  const std::int64_t aligned = creation.moment == Moment::kStored ? 1 : linear.aligned_rows;
  if (const std::int64_t padding = round_up(on_rank.output(), aligned) - on_rank.output(); padding > 0) {
    on_rank.outputs.push_back(padding);
    on_rank.output_whole += padding * ranks;
  }
  if (auto refusal = create_packed(linear.packing, on_rank, creation, sink)) return refusal;
  if (linear.bias) sink({linear.name, "bias", {on_rank.output()}, 1, creation.dtype});
  return std::nullopt;
}

/// Which rank holds an expert: a buffer of whole numbers on the GPU, until it came to be made on the host.
constexpr vllm::Step<bool> kExpertMap[] = {
    {{}, false, "vllm v0.10.2 vllm/model_executor/layers/fused_moe/layer.py: an attribute, not a buffer"},
    {{2025, 12, 5}, true, "~ absent in v0.12.0, in v0.13.0 vllm/model_executor/layers/fused_moe/layer.py, _expert_map"},
    {{2026, 10, 25},
     false,
     "~ absent in v0.32.0, in v0.33.0 vllm/model_executor/layers/fused_moe/expert_map_manager.py"},
};
static_assert(vllm::well_formed(kExpertMap));

/// `intermediate` with the columns that fill the shares of too many ranks.
std::int64_t padded_columns(const Experts& experts, const Parallel& parallel) {
  const bool short_shares = parallel.tensor > 1 && experts.intermediate / parallel.tensor < experts.least_columns;
  return short_shares && !parallel.expert ? experts.least_columns * parallel.tensor : experts.intermediate;
}

std::optional<Error> create_experts(const Experts& experts, const Creation& creation, const Sink& sink) {
  const Parallel& parallel = creation.parallel;
  const std::int64_t ranks = parallel.expert_ranks();
  ExpertsOnRank on_rank{experts.name,         experts.count,        experts.count, experts.hidden,
                        experts.intermediate, experts.intermediate, experts.gated, experts.bias};
  if (parallel.whole_experts()) {
    on_rank.count_everywhere = experts.count + parallel.redundant_experts;
    on_rank.count = ceil_div(on_rank.count_everywhere, ranks);
    if (vllm::in_force(kExpertMap, creation.platform.as_of))
      sink({experts.name, "_expert_map", {on_rank.count_everywhere}, 1, Dtype::kInt32, true});
  } else {
    const std::int64_t columns = padded_columns(experts, parallel);
    if (columns % ranks != 0) return not_divisible(columns, ranks);
    on_rank.intermediate = columns / ranks;
  }
  return create_packed_experts(experts.packing, on_rank, creation, sink);
}

std::optional<Error> create_tensor(const Tensor& tensor, const Creation& creation, const Sink& sink) {
  const std::int64_t ranks = creation.whole ? 1 : creation.parallel.tensor;
  const std::vector<std::int64_t>& shares = tensor.only.shares;
  if (!shares.empty() && std::find(shares.begin(), shares.end(), tensor.only.units / ranks) == shares.end())
    return std::nullopt;
  Parameter parameter{tensor.name,
                      "",
                      {0},
                      1 + int(tensor.inner.size()),
                      tensor.dtype,
                      tensor.kind != Tensor::Kind::kParameter,
                      tensor.kind == Tensor::Kind::kView};
  for (const Columns& columns : tensor.rows) {
    const auto rows = rows_on_rank(columns, ranks);
    if (!rows) return not_divisible(columns.units, ranks);
    parameter.shape[0] += *rows;
  }
  for (std::size_t i = 0; i < tensor.inner.size() && i + 1 < parameter.shape.size(); ++i)
    parameter.shape[i + 1] = tensor.inner[i];
  sink(parameter);
  return std::nullopt;
}

/// source  vllm/model_executor/layers/attention/attention.py, set_default_quant_scales;
///         layers/quantization/kv_cache.py; compressed_tensors.py CompressedTensorsKVCacheMethod
void create_scales(const AttentionScales& scales, const Creation& creation, const Sink& sink) {
  if (vllm::in_force(kScalesAreBuffers, creation.platform.as_of))
    for (const char* suffix : {"_k_scale", "_v_scale", "_q_scale", "_prob_scale"})
      sink({scales.name, suffix, {1}, 1, Dtype::kFloat32, true});
  switch (scales.loaded.kind) {
    case KvScales::Kind::kNone:
      return;
    case KvScales::Kind::kScalars:
      for (const char* suffix : {"q_scale", "k_scale", "v_scale", "prob_scale"})
        sink({scales.name, suffix, {1}, 1, creation.dtype});
      return;
    case KvScales::Kind::kCompressedTensors: {
      const Columns heads{scales.kv_heads, 1, Columns::Split::kReplicated};
      const std::int64_t ranks = creation.whole ? 1 : creation.parallel.tensor;
      const std::int64_t count = scales.loaded.per_head ? rows_on_rank(heads, ranks).value_or(1) : 1;
      for (const char* suffix : {"k_scale", "v_scale", "q_scale"})
        sink({scales.name, suffix, {count}, 1, Dtype::kFloat32});
      for (const char* suffix : {"k_zero_point", "v_zero_point", "q_zero_point"})
        sink({scales.name, suffix, {count}, 1, creation.dtype});
      return;
    }
  }
}

}  // namespace

std::int64_t Parameter::elements() const {
  Wide product = 1;
  for (int i = 0; i < dimensions; ++i) product = saturated(product * shape[std::size_t(i)]);
  return std::int64_t(product);
}

std::optional<std::int64_t> rows_on_rank(const Columns& columns, std::int64_t ranks) {
  const auto rows = [&](std::int64_t units) { return round_up(units, columns.multiple) * columns.width; };
  switch (columns.split) {
    case Columns::Split::kWhole:
      return rows(columns.units);
    case Columns::Split::kDivided:
      if (columns.units % ranks != 0) return std::nullopt;
      return rows(columns.units / ranks);
    case Columns::Split::kReplicated: {
      if (columns.units >= ranks ? columns.units % ranks != 0 : ranks % columns.units != 0) return std::nullopt;
      return rows(std::max<std::int64_t>(columns.units / ranks, 1));
    }
  }
  return std::nullopt;
}

std::optional<Error> create(const Module& module, const Creation& creation, const Sink& sink) {
  return match(
      module, [&](const Embedding& embedding) { return create_embedding(embedding, creation, sink); },
      [&](const Linear& linear) { return create_linear(linear, creation, sink); },
      [&](const Experts& experts) { return create_experts(experts, creation, sink); },
      [&](const Tensor& tensor) { return create_tensor(tensor, creation, sink); },
      [&](const RotaryTable& table) -> std::optional<Error> {
        sink({table.name, "", {table.rows, table.width}, 2, table.dtype, true});
        return std::nullopt;
      },
      [&](const AttentionScales& scales) -> std::optional<Error> {
        create_scales(scales, creation, sink);
        return std::nullopt;
      });
}

}  // namespace vram::memory
