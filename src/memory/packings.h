// What each storage format creates for a linear layer and for experts on one rank.
#pragma once

#include <numeric>
#include <string_view>
#include <vector>

#include "memory/parameters.h"

namespace vram::memory {

/// A linear layer's sizes on one rank, and whole.
struct LinearOnRank {
  std::string_view name;
  std::int64_t input = 0;
  std::vector<std::int64_t> outputs;  // merged parts
  std::int64_t input_whole = 0, output_whole = 0;
  std::int64_t ranks = 1;
  bool input_divided = false;

  [[nodiscard]] std::int64_t output() const { return std::accumulate(outputs.begin(), outputs.end(), std::int64_t{0}); }
};

struct ExpertsOnRank {
  std::string_view name;
  std::int64_t count = 0, hidden = 0, intermediate = 0;
  bool gated = true, bias = false;

  /// Rows of the merged first matrix.
  [[nodiscard]] std::int64_t first_rows() const { return (gated ? 2 : 1) * intermediate; }
};

/// errors  kRefused with vLLM's words where a size does not suit the format
std::optional<Error> create_packed(const Packing& packing, const LinearOnRank& linear, const Creation& creation,
                                   const Sink& sink);
std::optional<Error> create_packed_experts(const Packing& packing, const ExpertsOnRank& experts,
                                           const Creation& creation, const Sink& sink);

}  // namespace vram::memory
