// How one layer remembers the past, in figures of the whole model. A new kind is a new alternative; every `match`
// that does not handle it stops compiling, which is the list of work to do.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "model/dtype.h"
#include "units/quantity.h"

namespace vram {

struct Heads {
  std::int64_t kv_heads = 0;
  std::int64_t key_width = 0;
  std::int64_t value_width = 0;
  friend bool operator==(const Heads&, const Heads&) = default;
};

struct FullAttention {
  Heads heads;
  friend bool operator==(const FullAttention&, const FullAttention&) = default;
};

struct SlidingWindow {
  Heads heads;
  Tokens window;
  friend bool operator==(const SlidingWindow&, const SlidingWindow&) = default;
};

/// Attention within chunks of the sequence (Llama 4).
struct ChunkedLocal {
  Heads heads;
  Tokens chunk;
  friend bool operator==(const ChunkedLocal&, const ChunkedLocal&) = default;
};

/// MLA: one row of latent + rope per token, shared by all heads.
struct LatentAttention {
  std::int64_t latent = 0;
  std::int64_t rope = 0;
  bool sparse = false;  // the layer reads only the tokens its indexer picks (DSA)
  friend bool operator==(const LatentAttention&, const LatentAttention&) = default;
};

/// The key cache of a sparse layer's indexer.
struct SparseIndexer {
  std::int64_t width = 0;
  friend bool operator==(const SparseIndexer&, const SparseIndexer&) = default;
};

/// A decoder layer's memory of the encoder's output.
struct CrossAttention {
  Heads heads;
  friend bool operator==(const CrossAttention&, const CrossAttention&) = default;
};

/// Mamba, delta nets, linear attention, short convolutions: a state of fixed size per sequence.
struct RecurrentState {
  /// How vLLM names the kind: "mamba1", "mamba2", "gdn", "kda", "linear_attention", "short_conv".
  std::string kind;
  struct Part {
    /// Elements = (sum of rows, divided as each says) x each of inner; `kernel_rows` adds the convolution's length,
    /// which grows with speculation.
    std::int64_t units = 0;        // divided by tp
    std::int64_t groups = 0;       // mamba2's B and C groups, rounded up to a multiple of tp; 0 elsewhere
    std::int64_t group_width = 0;  // rows a group adds
    std::int64_t inner = 1;
    bool convolution = false;  // inner is kernel - 1, plus the speculative tokens where the kind supports them
    enum class Type : std::uint8_t { kConv, kState, kFloat32 } type = Type::kConv;
    friend bool operator==(const Part&, const Part&) = default;
  };
  std::vector<Part> parts;
  friend bool operator==(const RecurrentState&, const RecurrentState&) = default;
};

/// No memory of its own: an encoder layer, or one that reads another layer's.
struct NoCache {
  friend bool operator==(const NoCache&, const NoCache&) = default;
};

using LayerCache = std::variant<FullAttention, SlidingWindow, ChunkedLocal, LatentAttention, SparseIndexer,
                                CrossAttention, RecurrentState, NoCache>;

struct CacheLayer {
  std::string name;  // within its layer: "self_attn.attn"
  LayerCache cache;
  bool sinks = false;  // a learnt attention sink: fewer backends take it
  friend bool operator==(const CacheLayer&, const CacheLayer&) = default;
};

}  // namespace vram
