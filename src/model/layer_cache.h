// How one layer remembers the past, in figures of the whole model: what config.json says, before any rank, release or
// cache format has its say. A new kind is a new alternative; every `match` that does not handle it stops compiling,
// which is the list of work to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "model/dtype.h"
#include "units/quantity.h"

namespace vram {

struct Heads {
  std::int64_t kv_heads = 0;
  std::int64_t key_width = 0;
  std::int64_t value_width = 0;
  friend bool operator==(const Heads&, const Heads&) = default;
};

// Attention over stored keys and values ------------------------------------------------------------------------------

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

/// A decoder layer's memory of the encoder's output (Whisper, BART).
struct CrossAttention {
  Heads heads;
  Tokens longest;  // input that the encoder takes
  friend bool operator==(const CrossAttention&, const CrossAttention&) = default;
};

/// Full attention that reads only the blocks its BlockIndexer picks (MiniMax-M3). Stored as full attention.
struct BlockSparseAttention {
  Heads heads;
  friend bool operator==(const BlockSparseAttention&, const BlockSparseAttention&) = default;
};

/// Full attention that reads only the tokens whose PooledKeys its indexer picks (Qwen4Exp). Stored as full attention.
struct IndexedAttention {
  Heads heads;
  friend bool operator==(const IndexedAttention&, const IndexedAttention&) = default;
};

/// The key cache of a Qwen4Exp layer's indexer: a row for `pool` tokens.
struct PooledKeys {
  std::int64_t width = 0;
  std::int64_t pool = 1;
  friend bool operator==(const PooledKeys&, const PooledKeys&) = default;
};

/// The keys of the last tokens that do not fill a row of PooledKeys yet: a block a request, overwritten in turn.
struct KeyRing {
  std::int64_t width = 0;
  std::int64_t pool = 1;
  friend bool operator==(const KeyRing&, const KeyRing&) = default;
};

/// The key cache of a block-sparse layer's indexer: one row of `width` a token (MiniMax-M3: sparse_index_dim).
struct BlockIndexer {
  std::int64_t width = 0;
  friend bool operator==(const BlockIndexer&, const BlockIndexer&) = default;
};

// Latent attention ---------------------------------------------------------------------------------------------------

/// MLA: one row of latent + rope per token, shared by all heads.
struct LatentAttention {
  std::int64_t latent = 0;  // kv_lora_rank
  std::int64_t rope = 0;    // qk_rope_head_dim
  bool sparse = false;      // the layer reads only the tokens its indexer picks (DSA: index_topk)
  std::int64_t nope = 0;    // qk_nope_head_dim: some backends take certain widths only
  std::int64_t value = 0;   // v_head_dim, likewise
  std::optional<Tokens> window;
  std::int64_t index_topk = 0;  // tokens that a sparse layer picks
  friend bool operator==(const LatentAttention&, const LatentAttention&) = default;
};

/// The key cache of a sparse latent layer's indexer (DeepSeek-V3.2, GLM-5): index_head_dim, without its scales. Layers
/// that reuse another layer's choice have none.
struct SparseIndexer {
  std::int64_t width = 0;
  friend bool operator==(const SparseIndexer&, const SparseIndexer&) = default;
};

// DeepSeek-V4: every layer has a window cache; a layer with a compress_ratio above 1 has compressed rows and its
// compressor's state too, and with ratio 4 an indexer with rows and state of its own.

//
// DeepSeek-V4.1's classes store rows of their own formats in blocks of their own sizes. There compressed rows, at a
// ratio of 1 or 2, and the indexer's keys are kept by a few layers, whose rows the layers above them read.
enum class CompressedClass : std::uint8_t { kV4, kV41 };

struct V41Layer {
  std::int64_t groups = 0;   // o_groups, among which heads are divided: kernels ask
  std::int64_t source = -1;  // the decoder layer whose compressed rows this one reads, itself or one below; -1: none
  bool indexes = false;      // it picks rows of `source` with an indexer of its own
  friend bool operator==(const V41Layer&, const V41Layer&) = default;
};

/// The window of latest rows, each of head_dim. One a layer.
struct LatentWindow {
  std::int64_t width = 0;
  Tokens window;
  std::optional<V41Layer> v41 = {};  // of DeepSeek-V4.1
  friend bool operator==(const LatentWindow&, const LatentWindow&) = default;
};

/// One row of head_dim per `ratio` tokens.
struct CompressedLatent {
  std::int64_t width = 0;
  std::int64_t ratio = 1;
  CompressedClass of = CompressedClass::kV4;
  friend bool operator==(const CompressedLatent&, const CompressedLatent&) = default;
};

/// The indexer's keys: one row of index_head_dim, without its scales, per `ratio` tokens.
struct CompressedIndexer {
  std::int64_t width = 0;
  std::int64_t ratio = 1;
  CompressedClass of = CompressedClass::kV4;
  friend bool operator==(const CompressedIndexer&, const CompressedIndexer&) = default;
};

/// What a compressor of rows of `width` keeps of the tokens it has not compressed yet.
struct CompressorState {
  std::int64_t width = 0;
  std::int64_t ratio = 1;
  CompressedClass of = CompressedClass::kV4;
  friend bool operator==(const CompressorState&, const CompressorState&) = default;
};

// States of fixed size per sequence ----------------------------------------------------------------------------------
//
// `state_dtype` is what the class takes for its recurrent part where --mamba-ssm-cache-dtype is "auto": Qwen3.5's
// mamba_ssm_dtype; Nemotron-H's mamba_ssm_cache_dtype, without one float16 from 0.13 and float32 from 0.20 on. Absent:
// the convolution's.

/// Mamba 1: a convolution over `intermediate` channels and a matrix of `state` a channel.
struct Mamba1State {
  std::int64_t intermediate = 0;
  std::int64_t state = 0;
  std::int64_t kernel = 0;  // length of the convolution
  friend bool operator==(const Mamba1State&, const Mamba1State&) = default;
};

/// Mamba 2: the convolution also runs over B and C of each group.
struct Mamba2State {
  std::int64_t intermediate = 0;
  std::int64_t groups = 0;
  std::int64_t heads = 0, head_width = 0;
  std::int64_t state = 0;
  std::int64_t kernel = 0;
  std::int64_t chunk = 0;  // mamba_chunk_size or chunk_size, else 2048
  std::optional<Dtype> state_dtype;
  friend bool operator==(const Mamba2State&, const Mamba2State&) = default;
};

/// Gated delta net (Qwen3-Next, Qwen3.5, OLMo-Hybrid).
struct GatedDeltaState {
  std::int64_t key_heads = 0, value_heads = 0;
  std::int64_t key_width = 0, value_width = 0;
  std::int64_t kernel = 0;
  enum class Class : std::uint8_t { kQwen, kOlmo } implementation = Class::kQwen;
  std::optional<Dtype> state_dtype;
  friend bool operator==(const GatedDeltaState&, const GatedDeltaState&) = default;
};

/// Kimi delta attention. The classes differ in the states they can hand over in the middle of a prompt.
struct KdaState {
  std::int64_t heads = 0, head_width = 0;
  std::int64_t kernel = 0;
  enum class Class : std::uint8_t { kKimiLinear, kKimiK3, kGlm5Next, kBailing } implementation = Class::kKimiLinear;
  bool bounded_gate = false;  // linear_attn_config has a gate_lower_bound
  friend bool operator==(const KdaState&, const KdaState&) = default;
};

/// Linear (lightning) attention: a matrix of head_width x head_width a head (MiniMax-Text-01, Bailing-Linear).
struct LinearAttentionState {
  std::int64_t heads = 0, head_width = 0;
  friend bool operator==(const LinearAttentionState&, const LinearAttentionState&) = default;
};

/// A short convolution alone (LFM2).
struct ShortConvState {
  std::int64_t width = 0;
  std::int64_t kernel = 0;
  bool whole = false;  // every rank keeps all channels
  friend bool operator==(const ShortConvState&, const ShortConvState&) = default;
};

// Nothing of its own: the layer still has an attention backend --------------------------------------------------------

/// Attention over the whole input at once: encoders and bidirectional embedding models.
struct EncoderOnly {
  Heads heads;
  std::optional<Tokens> window;
  friend bool operator==(const EncoderOnly&, const EncoderOnly&) = default;
};

/// Reads an earlier layer's keys and values (Gemma-3n, Gemma-4, YOCO models).
struct SharedCache {
  Heads heads;
  std::optional<Tokens> window;
  friend bool operator==(const SharedCache&, const SharedCache&) = default;
};

using LayerCache =
    std::variant<FullAttention, SlidingWindow, ChunkedLocal, CrossAttention, BlockSparseAttention, IndexedAttention,
                 PooledKeys, KeyRing, BlockIndexer, LatentAttention, SparseIndexer, LatentWindow, CompressedLatent,
                 CompressedIndexer, CompressorState, Mamba1State, Mamba2State, GatedDeltaState, KdaState,
                 LinearAttentionState, ShortConvState, EncoderOnly, SharedCache>;

/// One of the states of fixed size per sequence.
constexpr bool is_recurrent_state(const LayerCache& cache) {
  return std::holds_alternative<Mamba1State>(cache) || std::holds_alternative<Mamba2State>(cache) ||
         std::holds_alternative<GatedDeltaState>(cache) || std::holds_alternative<KdaState>(cache) ||
         std::holds_alternative<LinearAttentionState>(cache) || std::holds_alternative<ShortConvState>(cache);
}

struct CacheLayer {
  std::string name;  // within its layer: "self_attn.attn"
  LayerCache cache;
  bool sinks = false;  // a learnt attention sink: fewer backends take it
  /// The model class hands the layer no cache config: it stores the model's dtype whatever --kv-cache-dtype says.
  bool model_dtype = false;
  friend bool operator==(const CacheLayer&, const CacheLayer&) = default;
};

}  // namespace vram
