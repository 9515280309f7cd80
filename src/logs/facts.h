// What a line of a vLLM start-up log can state in numbers, whatever the release's words for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "units/quantity.h"

namespace vram::logs {

enum class Fact : std::uint8_t {
  kModelLoading,
  kModelLoadingSeconds,
  kWeights,
  kConsumed,  // weights and non-torch in one, as the newest releases print them
  kActivationPeak,
  kPeakTorch,
  kNonTorch,
  kTotal,
  kFree,
  kDesired,
  kBudget,
  kUtilization,
  kAvailableKv,
  kKvReserved,
  kKvInUse,
  kNeededKv,
  kKvTokens,
  kConcurrency,
  kConcurrencyLength,
  kGpuBlocks,
  kCpuBlocks,
  kGraphs,
  kGraphsProfiled,  // captured for measuring, before the KV cache has a size
  kGraphsEstimated,
  kMaxModelLen,
  kEstimatedMaxLen,
  kFittedMaxLen,  // what --max-model-len auto came to
  kMaxBatchedTokens,
  kEncoderBudget,
  kAttentionBlock,
  kMambaPadding,
  kPaddingLayers,
  kTensorParallel,
  kPipelineParallel,
  kDataParallel,
  kOomTried,
  kOomTotal,
  kOomFree,
  kWarmUpRequests,
  kNothing,  // a number that says nothing here
};

/// "model_loading_gib": the unit is in the name; sizes are GiB, as the lines print them.
std::string_view name(Fact fact);

/// One number of one line.
struct Sighting {
  Fact fact = Fact::kNothing;
  double number = 0;
  std::int64_t line = 0;  // counted from 1
  std::string process;    // "Worker_TP0 pid=812", as the line's prefix has it; empty without one
};

/// A size that a line prints in GiB, to the nearest byte.
constexpr Bytes bytes_of(double printed_gib) {
  return Bytes(saturated(static_cast<Wide>(printed_gib * double(kGiB) + (printed_gib < 0 ? -0.5 : 0.5))));
}

/// A way that some release words one or more facts.
///
///   words  literal text with {} for a number, {size} for one with its unit ("857.31 MiB"), * for anything short;
///          it may begin anywhere in a line
///   facts  one for each number, in order
struct Wording {
  std::string_view words;
  std::span<const Fact> facts;
};

/// Of vLLM 0.6 to 0.33; where several fit a line, an earlier one has the say about a fact.
std::span<const Wording> wordings();

}  // namespace vram::logs
