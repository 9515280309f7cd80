#include "logs/read.h"

namespace vram::logs {

std::string_view name(Stage stage) {
  switch (stage) {
    case Stage::kNothing:
      return "nothing";
    case Stage::kConfigured:
      return "configured";
    case Stage::kLoaded:
      return "model loaded";
    case Stage::kProfiled:
      return "memory profiled";
    case Stage::kKvSized:
      return "KV cache sized";
    case Stage::kCaptured:
      return "warmed up";
    case Stage::kServing:
      return "serving";
  }
  return "";
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kStarted:
      return "started";
    case Outcome::kRefused:
    case Outcome::kFailed:
      return "refused";
    case Outcome::kOutOfMemoryLoading:
      return "oom_loading";
    case Outcome::kOutOfMemoryProfiling:
      return "oom_profiling";
    case Outcome::kOutOfMemoryCapturing:
      return "oom_capture";
    case Outcome::kUnfinished:
      return "unknown";
  }
  return "";
}

std::string_view name(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNone:
      return "";
    case Refusal::kFreeMemory:
      return "free_memory_below_request";
    case Refusal::kNoKvMemory:
      return "no_kv_memory";
    case Refusal::kMaxModelLen:
      return "max_model_len_too_long";
    case Refusal::kMemoryGrew:
      return "free_memory_grew";
  }
  return "";
}

}  // namespace vram::logs
