// torch's caching allocator where tensors are given back too: what it holds of the device, in use or not.
#pragma once

#include <cstdint>
#include <vector>

#include "units/quantity.h"

namespace vram::memory {

/// Blocks cut from segments, as CachingAllocator describes; a block that is given back joins its free neighbours and
/// stays torch's until `empty_cache`.
///
///   source  pytorch v2.9 c10/cuda/CUDACachingAllocator.cpp: get_free_block, try_merge_blocks, release_cached_blocks
class Segments {
 public:
  struct Place {
    std::size_t segment = 0;
    std::int64_t offset = 0;
  };
  Place allocate(Bytes tensor);
  void release(Place place);
  /// Segments without a tensor go back to the device.
  void empty_cache();
  /// Of the device, less what tensors are in.
  [[nodiscard]] Bytes cached() const;

 private:
  struct Block {
    std::int64_t offset = 0, size = 0;
    bool used = false;
  };
  struct Segment {
    bool small = false;
    std::vector<Block> blocks;  // ascending; none where the device has it back
  };
  struct Found {
    std::size_t segment = 0, block = 0;
  };
  [[nodiscard]] Found best_fit(std::int64_t size, bool small);
  std::vector<Segment> segments_;
};

}  // namespace vram::memory
