#include "memory/allocator.h"

#include <algorithm>

namespace vram::memory {
namespace {

constexpr std::int64_t kMinBlock = 512;
constexpr std::int64_t kSmall = 1 * kMiB;
constexpr std::int64_t kMinLargeAllocation = 10 * kMiB;
constexpr std::int64_t kLargeSegment = 20 * kMiB;
constexpr std::int64_t kRoundLarge = 2 * kMiB;

}  // namespace

void CachingAllocator::allocate(Bytes tensor) {
  if (tensor <= Bytes(0)) return;
  const std::int64_t size = round_up(tensor.count(), kMinBlock);
  if (size <= kSmall) {
    allocated_ += Bytes(size);
    return;
  }
  // Best fit among what earlier cuts left, else a new segment.
  const auto fit = std::lower_bound(free_.begin(), free_.end(), size);
  std::int64_t block = size < kMinLargeAllocation ? kLargeSegment : round_up(size, kRoundLarge);
  if (fit != free_.end()) {
    block = *fit;
    free_.erase(fit);
  }
  const std::int64_t remainder = block - size;
  if (remainder > kSmall) {
    free_.insert(std::lower_bound(free_.begin(), free_.end(), remainder), remainder);
    block = size;
  }
  allocated_ += Bytes(block);
}

}  // namespace vram::memory
