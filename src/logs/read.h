// A vLLM start-up log of any release, as someone's terminal, container or cluster left it: what its lines state, and
// how the start ended.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "logs/facts.h"

namespace vram::logs {

/// How far a start came; each is stated by some line.
enum class Stage : std::uint8_t { kNothing, kConfigured, kLoaded, kProfiled, kKvSized, kCaptured, kServing };
std::string_view name(Stage stage);

enum class Outcome : std::uint8_t {
  kStarted,
  kRefused,               // vLLM stopped with a sentence about memory
  kOutOfMemoryLoading,    // the GPU's memory ended
  kOutOfMemoryProfiling,  // …
  kOutOfMemoryCapturing,  // … in graph capture or warm-up, after the KV cache had its size
  kFailed,                // for another reason, or one whose line is missing
  kUnfinished,            // the lines end before the start does
};
/// "started", "refused" (for whatever reason), "oom_loading", "oom_profiling", "oom_capture", "unknown"
std::string_view name(Outcome outcome);

/// Which of vLLM's own refusals.
enum class Refusal : std::uint8_t { kNone, kFreeMemory, kNoKvMemory, kMaxModelLen, kMemoryGrew };
/// As the report's verdict has them: "free_memory_below_request", "no_kv_memory", "max_model_len_too_long"; beside them
/// "free_memory_grew", of another process that ended while this one measured; empty for none.
std::string_view name(Refusal refusal);

/// What a line says, and which line.
struct Said {
  std::string text;
  std::int64_t line = 0;  // 0: no line says it
  explicit operator bool() const { return line > 0; }
};

/// A line kept for people to look at.
struct Line {
  std::int64_t number = 0;
  std::string text;  // without prefixes and colours, cut to what a screen shows
};

struct StartUp {
  Said version, model, device_name, dtype, quantization, kv_cache_dtype;
  json::Object args;                // as typed: the "non-default args" line, or an old release's Namespace
  std::int64_t args_line = 0;       // 0: no line has them
  json::Object config;              // of the line "Initializing a … LLM engine … with config"
  std::int64_t config_line = 0;     // 0: no line has it
  std::vector<Sighting> sightings;  // in the order of the lines
  Stage stage = Stage::kNothing;
  Outcome outcome = Outcome::kUnfinished;
  Refusal refusal = Refusal::kNone;
  Said cause;                  // of a start that failed: the line that says why
  Said later;                  // of one that started: the first failure while it served
  std::vector<Line> proof;     // the lines that the facts are from, each once
  bool rocm = false;           // some line speaks of AMD's platform
  bool cause_missing = false;  // it failed, and what says why is not there
  bool lines_missing = false;  // its beginning, its end or its cause is not there
  std::int64_t first_line = 0, last_line = 0;

  /// The different numbers stated for `fact`, in the order of the lines.
  [[nodiscard]] std::vector<double> stated(Fact fact) const;
  /// The first of them.
  [[nodiscard]] std::optional<double> first(Fact fact) const;
};

/// The start-ups of a log in order; one where nothing of vLLM's is found. Lines are looked at to their first 256 KiB,
/// and no more than 100,000 numbers are kept.
///
///   errors  none: any bytes are a log that says little
std::vector<StartUp> read(std::string_view text);

}  // namespace vram::logs
