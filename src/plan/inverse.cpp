#include "plan/inverse.h"

#include <algorithm>
#include <functional>

#include "memory/runtime.h"

namespace vram::plan {
namespace {

using Good = std::function<bool(std::int64_t)>;

/// First value in [low, high] that is good, given that those after it are too.
std::optional<std::int64_t> first_good(std::int64_t low, std::int64_t high, const Good& good) {
  if (low > high || !good(high)) return std::nullopt;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (good(middle))
      high = middle;
    else
      low = middle + 1;
  }
  return high;
}

/// Last value in [low, high] that is good, given that those before it are too.
std::optional<std::int64_t> last_good(std::int64_t low, std::int64_t high, const Good& good) {
  const auto found = first_good(-high, -low, [&](std::int64_t value) { return good(-value); });
  return found ? std::optional(-*found) : std::nullopt;
}

Variation of_length(std::int64_t length) {
  Variation variation;
  variation.sizes.max_model_len = length;
  return variation;
}

/// Above what any request holds; sizes of it stay within 64 bits.
constexpr std::int64_t kLongest = std::int64_t{1} << 28;

}  // namespace

std::string_view name(Limit limit) {
  switch (limit) {
    case Limit::kMemory:
      return "memory";
    case Limit::kModel:
      return "model";
    case Limit::kAsked:
      return "max_model_len";
    case Limit::kSequences:
      return "max_num_seqs";
    case Limit::kNothing:
      return "nothing";
  }
  return "";
}

std::optional<Boundary> longest_length(Variations& variations, std::int64_t requests) {
  // A longer one leaves the graphs more room beside the cache, never less: that a short one has none ends nothing.
  const auto holds = [&](std::int64_t length) {
    const Outcome& outcome = variations.at(of_length(length));
    return allocates_cache(outcome.reason) && outcome.has_room(requests);
  };
  const auto asked = variations.open().asked.max_model_len;
  const std::int64_t most = std::min(variations.longest().value_or(kLongest), kLongest);
  const std::int64_t limit = asked && *asked > 0 ? std::min(*asked, most) : most;
  // Up to it lengths may be refused for being shorter than a batch of requests; it is the shortest that is not.
  const auto long_enough = [&](std::int64_t length) { return !variations.at(of_length(length)).too_short; };
  const std::int64_t change = variations.open().schedule.chunks.above.value_or(0);
  for (const auto& [low, high] : {std::pair(change + 1, limit), std::pair(std::int64_t{1}, std::min(change, limit))}) {
    const auto shortest = first_good(low, high, long_enough);
    const auto found = shortest ? last_good(*shortest, high, holds) : std::nullopt;
    if (found && variations.at(of_length(*found)).fits())
      return Boundary{*found, *found < limit ? Limit::kMemory : limit < most ? Limit::kAsked : Limit::kModel};
  }
  return std::nullopt;
}

std::optional<Boundary> most_requests(Variations& variations, Tokens context) {
  const Outcome& outcome = variations.at(of_length(context.count()));
  const auto by_memory = std::int64_t(std::min(outcome.max_concurrency, 9e15));
  if (!outcome.fits() || (outcome.cached && by_memory < 1)) return std::nullopt;
  if (!outcome.cached || by_memory > outcome.max_num_seqs) return Boundary{outcome.max_num_seqs, Limit::kSequences};
  return Boundary{by_memory, Limit::kMemory};
}

std::optional<Bytes> least_gpu_memory(Variations& variations) {
  constexpr Bytes kMost(std::int64_t{1} << 46);  // 64 TiB
  const auto starts = [&](std::int64_t total) {
    Variation variation;
    variation.gpu_total = Bytes(total);
    return variations.at(variation).fits();
  };
  std::vector<Bytes> ends;  // of the classes that GPUs are in by their memory
  for (const Bytes first : memory::card_classes()) ends.push_back(first - Bytes(1));
  for (const Bytes first : batch_classes()) ends.push_back(first - Bytes(1));
  ends.push_back(kMost);
  std::ranges::sort(ends);
  Bytes begin(1);
  for (const Bytes end : ends) {
    if (const auto found = first_good(begin.count(), end.count(), starts)) return Bytes(*found);
    begin = end + Bytes(1);
  }
  return std::nullopt;
}

std::optional<std::int64_t> lowest_utilization(Variations& variations) {
  const auto at = [&](std::int64_t steps) {
    Variation variation;
    variation.gpu_memory_utilization = double(steps) / double(kUtilizationSteps);
    return variations.at(variation).reason;
  };
  // A share above what is free, or that leaves too little for graphs, is refused too: starting is true in between.
  const auto enough = [&](std::int64_t steps) {
    const Reason reason = at(steps);
    return allocates_cache(reason) || reason == Reason::kFreeMemoryBelowRequest;
  };
  const auto found = first_good(1, kUtilizationSteps, enough);
  return found && at(*found) == Reason::kOk ? found : std::nullopt;
}

Limits limits_of(Variations& variations, std::int64_t requests, Tokens length) {
  return {longest_length(variations), longest_length(variations, requests), most_requests(variations, length),
          least_gpu_memory(variations), lowest_utilization(variations)};
}

}  // namespace vram::plan
