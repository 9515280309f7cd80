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
  std::int64_t input_whole = 0;
  std::int64_t output_whole = 0;  // what all ranks hold together: repeated KV heads count as often as they are held
  std::int64_t ranks = 1;

  [[nodiscard]] std::int64_t output() const { return std::accumulate(outputs.begin(), outputs.end(), std::int64_t{0}); }
  [[nodiscard]] std::int64_t parts() const { return std::int64_t(outputs.size()); }
  /// vLLM's own test for a RowParallelLinear that is divided.
  [[nodiscard]] bool input_divided() const { return input != input_whole; }
};

struct ExpertsOnRank {
  std::string_view name;
  std::int64_t count = 0;  // on this rank
  std::int64_t count_everywhere = 0;
  std::int64_t hidden = 0, intermediate = 0;
  std::int64_t intermediate_whole = 0;
  bool gated = true, bias = false;

  /// Matrices merged in the first: gate and up, or up alone.
  [[nodiscard]] std::int64_t shards() const { return gated ? 2 : 1; }
  /// Rows of the merged first matrix.
  [[nodiscard]] std::int64_t first_rows() const { return shards() * intermediate; }
  [[nodiscard]] std::int64_t ranks() const { return intermediate > 0 ? intermediate_whole / intermediate : 1; }
};

/// errors  kRefused with vLLM's words where a size does not suit the format
std::optional<Error> create_packed(const Packing& packing, const LinearOnRank& linear, const Creation& creation,
                                   const Sink& sink);
std::optional<Error> create_packed_experts(const Packing& packing, const ExpertsOnRank& experts,
                                           const Creation& creation, const Sink& sink);

}  // namespace vram::memory
