#include "memory/segments.h"

#include <algorithm>

namespace vram::memory {
namespace {

constexpr std::int64_t kMinBlock = 512;
constexpr std::int64_t kSmall = 1 * kMiB;
constexpr std::int64_t kSmallSegment = 2 * kMiB;
constexpr std::int64_t kMinLargeAllocation = 10 * kMiB;
constexpr std::int64_t kLargeSegment = 20 * kMiB;
constexpr std::int64_t kRoundLarge = 2 * kMiB;

std::int64_t segment_for(std::int64_t size) {
  if (size <= kSmall) return kSmallSegment;
  return size < kMinLargeAllocation ? kLargeSegment : round_up(size, kRoundLarge);
}

}  // namespace

Segments::Found Segments::best_fit(std::int64_t size, bool small) {
  Found found{segments_.size(), 0};
  std::int64_t best = 0;
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    if (segments_[s].small != small) continue;
    for (std::size_t b = 0; b < segments_[s].blocks.size(); ++b) {
      const Block& block = segments_[s].blocks[b];
      if (block.used || block.size < size || (best != 0 && block.size >= best)) continue;
      best = block.size;
      found = {s, b};
    }
  }
  if (best == 0) segments_.push_back({small, {{0, segment_for(size), false}}});
  return found;
}

Segments::Place Segments::allocate(Bytes tensor) {
  const std::int64_t size = std::max(round_up(tensor.count(), kMinBlock), kMinBlock);
  const bool small = size <= kSmall;
  const Found found = best_fit(size, small);
  std::vector<Block>& blocks = segments_[found.segment].blocks;
  const Block whole = blocks[found.block];
  const std::int64_t rest = whole.size - size;
  const bool split = small ? rest >= kMinBlock : rest > kSmall;
  blocks[found.block] = {whole.offset, split ? size : whole.size, true};
  if (split) blocks.insert(blocks.begin() + std::ptrdiff_t(found.block) + 1, Block{whole.offset + size, rest, false});
  return {found.segment, whole.offset};
}

void Segments::release(Place place) {
  std::vector<Block>& blocks = segments_[place.segment].blocks;
  auto block = std::ranges::find(blocks, place.offset, &Block::offset);
  if (block == blocks.end()) return;
  block->used = false;
  const auto take_next = [&](auto at) {
    if (at + 1 == blocks.end() || (at + 1)->used) return;
    at->size += (at + 1)->size;
    blocks.erase(at + 1);
  };
  take_next(block);
  if (block != blocks.begin() && !(block - 1)->used) take_next(block - 1);
}

void Segments::empty_cache() {
  for (Segment& segment : segments_)
    if (std::ranges::none_of(segment.blocks, &Block::used)) segment.blocks.clear();
}

Bytes Segments::cached() const {
  std::int64_t free = 0;
  for (const Segment& segment : segments_)
    for (const Block& block : segment.blocks)
      if (!block.used) free += block.size;
  return Bytes(free);
}

}  // namespace vram::memory
