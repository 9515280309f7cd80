#include "report/cache_kinds.h"

namespace vram::report {
namespace {

const char* kind(memory::KvSpec::Kind kind) {
  switch (kind) {
    case memory::KvSpec::Kind::kFull:
      return "full";
    case memory::KvSpec::Kind::kSinkFull:
      return "sink_full";
    case memory::KvSpec::Kind::kReferenceWindow:
      return "reference_window";
    case memory::KvSpec::Kind::kSlidingWindow:
      return "sliding_window";
    case memory::KvSpec::Kind::kChunkedLocal:
      return "chunked";
    case memory::KvSpec::Kind::kMla:
      return "mla";
    case memory::KvSpec::Kind::kHiddenState:
      return "hidden_state";
    case memory::KvSpec::Kind::kSlidingWindowMla:
      return "sliding_window_mla";
    case memory::KvSpec::Kind::kCircularBuffer:
      return "circular_buffer";
    case memory::KvSpec::Kind::kCross:
      return "cross";
    case memory::KvSpec::Kind::kMamba:
      return "mamba";
  }
  return "";
}

}  // namespace

const char* cache_kind(const memory::KvGroup& group) { return group.uniform_type ? "uniform" : kind(group.spec.kind); }

}  // namespace vram::report
