// The parts of a model that own memory, in vLLM's terms and before they are split over ranks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/dtype.h"
#include "model/packing.h"

namespace vram {

/// `units` pieces of `width` rows each, and how tensor parallelism deals the pieces out.
struct Columns {
  enum class Split : std::uint8_t {
    kDivided,     // every rank takes units / tp; a remainder is refused
    kReplicated,  // as kDivided, but fewer units than ranks are repeated: each rank holds one (KV heads, mamba groups)
    kWhole,       // every rank holds all of them
  };
  std::int64_t units = 0;
  std::int64_t width = 1;
  Split split = Split::kDivided;
  std::int64_t multiple = 1;  // a rank's units are padded to a multiple of this
  friend bool operator==(const Columns&, const Columns&) = default;
};

/// VocabParallelEmbedding or ParallelLMHead: rows padded to a multiple of 64, then divided.
struct Embedding {
  std::string name;
  std::int64_t rows = 0, width = 0;
  bool head = false;
  bool bias = false;
  Packing packing = {};
  std::optional<Dtype> dtype = {};  // where the class keeps another than the model's
  friend bool operator==(const Embedding&, const Embedding&) = default;
};

/// Around experts that are dealt out whole, the ranks of a replica may take different tokens instead of different
/// columns ("sequence parallel"): what a linear layer there does about it.
enum class TokenSplit : std::uint8_t {
  kIgnored,          // divided by columns regardless
  kWhole,            // every rank holds all of it
  kWholeOnOneStage,  // likewise, but only without pipeline stages
};

/// A linear layer of one or several merged outputs.
struct Linear {
  enum class Input : std::uint8_t { kWhole, kDivided };  // kDivided: RowParallelLinear
  std::string name;
  std::int64_t input = 0;
  std::vector<Columns> outputs;
  Input split = Input::kWhole;
  bool bias = false;
  Packing packing = {};
  std::optional<Dtype> dtype;  // where the class asks for another than the model's
  TokenSplit tokens = TokenSplit::kIgnored;
  std::int64_t aligned_rows = 1;  // a rank's rows are padded to a multiple of this
  std::int64_t adapters = 1;      // parts for which a LoRA adapter has matrices of its own
  friend bool operator==(const Linear&, const Linear&) = default;
};

/// FusedMoE: `count` experts of a gated or plain two-layer network, dealt out whole or column by column.
struct Experts {
  std::string name;
  std::int64_t count = 0, per_token = 0;  // without redundant copies
  std::int64_t hidden = 0, intermediate = 0;
  bool gated = true;
  bool bias = false;
  Packing packing = {};
  std::int64_t least_columns = 0;  // a rank's share of `intermediate` is padded to this
  friend bool operator==(const Experts&, const Experts&) = default;
};

/// Ranks on which a tensor exists: those whose share of `units` is one of `shares`; none named: all.
struct OnlyForShares {
  std::int64_t units = 0;
  std::vector<std::int64_t> shares = {};
  friend bool operator==(const OnlyForShares&, const OnlyForShares&) = default;
};

/// A parameter or buffer with no quantisation: norms, sinks, convolutions, state matrices.
struct Tensor {
  /// A view is a buffer that shares the memory of a parameter; vLLM counts it all the same.
  enum class Kind : std::uint8_t { kParameter, kBuffer, kView };
  std::string name;
  std::vector<Columns> rows;        // the first dimension, merged
  std::vector<std::int64_t> inner;  // the others
  Dtype dtype = Dtype::kBfloat16;
  Kind kind = Kind::kParameter;
  OnlyForShares only = {};
  friend bool operator==(const Tensor&, const Tensor&) = default;
};

/// The cos/sin table of a rotary embedding; layers whose `id` is equal share one on a rank.
struct RotaryTable {
  std::string name;
  std::string id;
  std::int64_t rows = 0, width = 0;
  Dtype dtype = Dtype::kBfloat16;
  friend bool operator==(const RotaryTable&, const RotaryTable&) = default;
};

/// The scale scalars (q, k, v, probabilities) that every attention layer registers, and those that it loads.
struct AttentionScales {
  std::string name;
  KvScales loaded = {};
  std::int64_t kv_heads = 0;  // where there is one for each
  friend bool operator==(const AttentionScales&, const AttentionScales&) = default;
};

using Module = std::variant<Embedding, Linear, Experts, Tensor, RotaryTable, AttentionScales>;

}  // namespace vram
