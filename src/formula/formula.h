// Formula mode: GPU memory from a model's figures alone, with the numbers of the tool that this program replaces.
// Scripts compare them, so the order of the floating-point operations is part of the contract.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formula/profiles.h"
#include "units/quantity.h"
#include "units/result.h"

namespace vram::formula {

/// What is asked. Every number has been through `ranges.h`.
struct Request {
  double params_billion = 0;
  std::string quant = "fp8";
  std::int64_t layers = 0, kv_heads = 0, head_dim = 0;
  std::string kv_dtype = "fp8";
  std::int64_t batch = 1;                               // sequences at once, each of the full context
  Profile profile;                                      // overheads
  std::optional<double> bytes_per_param{}, kv_bytes{};  // in place of what the names count
};

/// GiB; total = (weights + kv + overhead + vision) * frag_factor.
struct Estimate {
  double weights_gib = 0, kv_gib = 0, overhead_gib = 0, vision_gib = 0, frag_factor = 0, total_gib = 0;
};

/// Memory at a context of `context_k` * 1024 tokens a sequence.
Estimate estimate(const Request& request, double context_k);

struct MaxContext {
  Tokens context;         // the longest that fits, at most the limit; 0 when nothing does
  Estimate at;            // the estimate at `context`
  bool fits = false;      // false: even a context of 0 takes more than there is
  bool at_limit = false;  // memory would have allowed more
};

inline constexpr double kDefaultMaxContextK = 256.0;

/// The longest whole number of tokens whose estimate is within `total_vram_gib`, at most `max_context_k` * 1024.
MaxContext max_context(const Request& request, double total_vram_gib, double max_context_k);

/// One warning for each name of `request` that is not known, unless its width is given: the estimate goes on with the
/// existing tool's fallback. `place` of each is the JSON key, "quant" or "kv_dtype".
std::vector<Error> unknown_names(const Request& request);

}  // namespace vram::formula
