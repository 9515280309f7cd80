// What torch's caching allocator counts as allocated while a model loads: "Model loading took" prints that, not the
// sum of the tensors.
#pragma once

#include <cstdint>
#include <vector>

#include "units/quantity.h"

namespace vram::memory {

/// Allocations without frees, in order of creation.
///
/// Tensors up to 1 MiB are rounded to 512 bytes. Those under 10 MiB are cut from 20 MiB segments, larger ones from
/// segments of their own, rounded to 2 MiB; what a cut leaves stays free for later tensors when it is over 1 MiB and
/// is counted with the tensor when it is not.
///
///   source  pytorch v2.9 c10/cuda/CUDACachingAllocator.cpp: kMinBlockSize, kSmallSize, kMinLargeAlloc, kLargeBuffer,
///           kRoundLarge, should_split
class CachingAllocator {
 public:
  void allocate(Bytes tensor);
  [[nodiscard]] Bytes allocated() const { return allocated_; }

 private:
  Bytes allocated_;
  std::vector<std::int64_t> free_;  // remainders in the large pool, ascending
};

}  // namespace vram::memory
