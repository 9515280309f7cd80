#include "plan/matrix.h"

#include <algorithm>
#include <cmath>

namespace vram::plan {
namespace {

/// What the launch takes on a stage beside blocks, and what `requests` of its length take in blocks: with memory
/// without end, their share of it.
Bytes needed(const RankReport& rank, std::size_t stage, const memory::KvPlan& plenty, std::int64_t requests) {
  const Bytes beside = rank.context.bytes + rank.model_loading.bytes + rank.activation_peak.bytes +
                       rank.non_torch.bytes + rank.graphs_held();
  if (plenty.max_concurrency <= 0 || stage >= plenty.bytes_per_block.size()) return beside;
  const double blocks = double(plenty.num_blocks) / plenty.max_concurrency * double(requests);
  return beside + plenty.bytes_per_block[stage] * std::int64_t(std::ceil(blocks - 1e-6));
}

}  // namespace

Matrix matrix_of(Variations& variations, std::span<const Tokens> contexts, std::span<const std::int64_t> requests) {
  constexpr Bytes kPlenty(std::int64_t{1} << 50);
  Matrix matrix{{requests.begin(), requests.end()}, {}, 0};
  for (const Tokens context : contexts) {
    Variation variation;
    variation.sizes.max_model_len = context.count();
    const Outcome outcome = variations.at(variation);
    MatrixRow& row = matrix.rows.emplace_back(MatrixRow{context, outcome.reason, {}});
    if (outcome.reason == Reason::kInvalidArguments) continue;
    matrix.max_num_seqs = outcome.max_num_seqs;
    const Exact& exact = variations.exact();
    memory::KvSettings settings = exact.deployment.kv;
    settings.num_gpu_blocks_override = std::nullopt;
    const std::vector<Bytes> all(exact.stages().size(), kPlenty);
    const memory::KvPlan plenty =
        memory::kv_numbers(exact.caches->grouping, all, platform_of(exact.deployment), settings);
    for (const std::int64_t count : requests) {
      MatrixCell& cell = row.cells.emplace_back();
      cell.fits = outcome.holds(count);
      for (std::size_t stage = 0; stage < exact.stages().size(); ++stage)
        cell.needed = std::max(cell.needed, needed(variations.rank(stage), stage, plenty, count));
    }
  }
  return matrix;
}

std::vector<Tokens> usual_contexts(const Variations& variations) {
  constexpr std::int64_t kFirst = 1024, kWithoutLimit = 131'072;
  const auto asked = variations.open().asked.max_model_len;
  const std::int64_t longest = asked && *asked > 0 ? *asked : variations.longest().value_or(kWithoutLimit);
  std::vector<Tokens> contexts;
  for (std::int64_t length = kFirst; length < longest; length *= 2) contexts.emplace_back(length);
  contexts.emplace_back(longest);
  return contexts;
}

}  // namespace vram::plan
