// How lengths, batches and captured graph sizes follow from the few arguments that vary most, once the rest of a launch
// is decided. The steps of resolve() fill these in and apply them; a sweep applies them alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardware/gpu.h"
#include "memory/kv_settings.h"
#include "units/result.h"
#include "vllm/release.h"

namespace vram::plan {

/// A step's answer: nothing where the launch may go on.
using Stop = std::optional<Error>;

/// What is asked for, where something is.
struct AskedSizes {
  std::optional<std::int64_t> max_model_len;  // -1: the longest that fits
  std::optional<std::int64_t> max_num_batched_tokens, max_num_seqs;
};

/// What decides max_model_len besides what is asked for.
struct LengthRule {
  bool unlimited = false;               // the config says nothing: whatever is asked for goes
  double longest = 0;                   // what it allows
  std::string key = "None";             // the field that says so
  bool whole = true;                    // Python holds an int
  std::int64_t unsaid = 0, fitted = 0;  // when nobody asks; where "auto" begins
  std::optional<std::int64_t> model_max_length;
  bool allows_longer = false;  // VLLM_ALLOW_LONG_MAX_MODEL_LEN
  bool prints_float = false, warns_of_nan = false;

  /// errors  kBadInput, kRefused with vLLM's sentence
  Stop apply(std::optional<std::int64_t> asked, memory::KvSettings& kv) const;
};

/// Whether long prompts are cut: V0 decides by the length.
struct ChunkRule {
  bool always = true;
  std::optional<std::int64_t> above;  // max_model_len
  [[nodiscard]] bool chunks(Tokens length) const { return always || (above && length.count() > *above); }
};

/// What decides max_num_batched_tokens and max_num_seqs.
struct BatchRule {
  vllm::Date day;
  bool v0 = false;
  bool small_gpu = false;       // by its kind, whatever its memory
  bool expert_batches = false;  // expert kernels that take small batches of a fixed size
  bool throughput = false;      // performance_mode
  bool pooling = false, multimodal = false;
  bool diffusion = false;
  std::int64_t largest_item = 0;  // tokens of an image that must not be cut; 0 where it may
  std::optional<std::int64_t> max_num_active_seqs, long_prefill_token_threshold;

  /// `total`: the GPU's memory, which sets the defaults. `kv` has its max_model_len, and has the batches also where
  /// they are refused.
  Stop apply(const AskedSizes& asked, Bytes total, bool chunked_prefill, memory::KvSettings& kv) const;
};

/// How capture sizes come about, by era.
struct CaptureRules {
  bool strided;         // every 8 up to cuda_graph_sizes, filtered by batched tokens; else a ladder
  bool by_sequences;    // the top follows max_num_seqs
  bool by_draft;        // and speculative tokens
  bool blackwell;       // data-centre Blackwell captures up to 1024
  bool fine_grained;    // performance_mode=interactivity
  bool batched_tokens;  // the largest batch is a size where it is below the top
  bool decode_batches;  // the batches of pure decoding are sizes too
};

/// What decides cudagraph_capture_sizes.
struct GraphRule {
  enum class Kind { kNone, kV0, kStrided, kLadder } kind = Kind::kNone;
  CaptureRules rules{};
  std::optional<std::vector<std::int64_t>> sizes;  // as asked for
  std::optional<std::int64_t> top;                 // likewise
  std::int64_t platform_top = 0, tokens_each = 1;
  bool interactive = false;
  bool up_to_1024 = false;  // GPT-OSS, while sizes were strided

  /// The sizes for kv's batches, ascending.
  ///
  ///   errors  kRefused where two of the arguments contradict each other
  [[nodiscard]] Result<std::vector<std::int64_t>> capture(const memory::KvSettings& kv) const;
};

/// The memory that vLLM classes a GPU by.
Bytes memory_class(const hardware::Gpu& gpu);

/// Where the defaults of batches change with it: the least memory of each class but the first, ascending.
std::vector<Bytes> batch_classes();

struct Schedule {
  LengthRule length;
  ChunkRule chunks;
  BatchRule batches;
  GraphRule graphs;
};

}  // namespace vram::plan
