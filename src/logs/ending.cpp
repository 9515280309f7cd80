#include "logs/ending.h"

#include <algorithm>
#include <cctype>
#include <span>

namespace vram::logs {
namespace {

constexpr std::size_t kShown = 600;

bool has(std::string_view line, std::string_view words) { return line.find(words) != std::string_view::npos; }

bool has_any(std::string_view line, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view one) { return has(line, one); });
}

struct RefusalWords {
  std::string_view words;
  Refusal refusal;
};
constexpr RefusalWords kRefusals[] = {
    {"on startup is less than desired GPU memory utilization", Refusal::kFreeMemory},
    {"on startup is less than the engine's budget", Refusal::kFreeMemory},
    {"Error in memory profiling. Initial free memory", Refusal::kMemoryGrew},
    {"No available memory for the cache blocks", Refusal::kNoKvMemory},
    {"Cannot auto-fit max_model_len: not enough", Refusal::kMaxModelLen},
    {"is larger than the available KV cache memory", Refusal::kMaxModelLen},
    {"is larger than the maximum number of tokens that can be stored in KV cache", Refusal::kMaxModelLen},
};

// An allocator's, the driver's and vLLM's own words; advice in other lines says "out-of-memory" or "running out of".
constexpr std::string_view kOutOfMemory[] = {
    "CUDA out of memory",   "HIP out of memory",     "XPU out of memory",         "OutOfMemoryError",
    "error: out of memory", "not enough GPU memory", "failure 2 'out of memory'", "hipErrorOutOfMemory"};

// The engine is up once one of these is there.
constexpr std::string_view kServing[] = {"Application startup complete", "init engine (", "Uvicorn running on"};
// A worker has done all that it does at a start; another one may still fail.
constexpr std::string_view kWarmedUp[] = {"Actual usage is ", "Kernel JIT monitor activated"};
// The same, unless graphs are only captured to measure them.
constexpr std::string_view kCaptured[] = {"Graph capturing finished"};

// The allocator's sentence with the figures.
constexpr std::string_view kTried = "Tried to allocate";

constexpr std::string_view kFailing[] = {"EngineCore failed to start",
                                         "WorkerProc failed to start",
                                         "WorkerProc hit an exception",
                                         "Engine core initialization failed",
                                         "WorkerProc initialization failed",
                                         "EngineCore hit an exception",
                                         "EngineCore encountered a",
                                         "Failed to load model",
                                         "Engine process failed to start",
                                         "Worker failed with error",
                                         "EngineDeadError"};

/// "torch.OutOfMemoryError: …", "ValueError: …" at the front of a message.
bool is_exception(std::string_view message) {
  const auto part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.'; };
  const auto end = std::find_if_not(message.begin(), message.end(), part);
  const std::string_view name = message.substr(0, std::size_t(end - message.begin()));
  const bool closes = end == message.end() || *end == ':';
  return closes && (name.ends_with("Error") || name.ends_with("Exception") || name.ends_with("Interrupt"));
}

/// In a traceback the same words stand as source code before they stand as a message.
bool is_source_code(std::string_view message) { return message.starts_with("    ") && !has(message, kTried); }

void keep(Said& said, std::string_view text, std::int64_t line) {
  if (!said) said = {std::string(text.substr(0, kShown)), line};
}

}  // namespace

void Ending::fail(std::string_view message, std::int64_t number, Stage stage) {
  if (!failing_ && !out_of_memory_ && !refusal_) failed_at_ = stage;
  const bool figures = has(message, kTried);
  if (figures && out_of_memory_ && !has(out_of_memory_.text, kTried)) out_of_memory_ = {};
  if (has_any(message, kOutOfMemory) && !is_source_code(message)) keep(out_of_memory_, message, number);
  if (has_any(message, kFailing)) keep(failing_, message, number);
}

bool Ending::add(std::string_view line, std::string_view message, std::int64_t number, Stage& stage) {
  const bool serving = stage == Stage::kServing;
  if (has_any(line, kServing) && !failing_ && !out_of_memory_ && !refusal_) {
    stage = Stage::kServing;
    return !serving;
  }
  if (has_any(line, kWarmedUp) || (has_any(line, kCaptured) && stage >= Stage::kKvSized))
    stage = std::max(stage, Stage::kCaptured);

  const bool out_of_memory = has_any(message, kOutOfMemory) && !is_source_code(message);
  const bool failing = has_any(message, kFailing);
  if (serving) {
    if (!out_of_memory && !failing) return false;
    const bool first = !later_;
    keep(later_, message, number);
    return first;
  }
  for (const RefusalWords& words : kRefusals)
    if (has(line, words.words) && (!refusal_ || is_source_code(refusal_.text))) {
      if (!failing_ && !out_of_memory_) failed_at_ = stage;
      refusal_ = {std::string(message.substr(0, kShown)), number};
      kind_ = words.refusal;
      return true;
    }
  if (is_exception(message) && !failing) {
    Said& kept = failing_ ? exception_ : early_exception_;
    if (!failing_) kept = {};  // the last one before everything ended
    keep(kept, message, number);
  }
  if (!failing_ && message.starts_with("    raise ") && !message.ends_with("("))
    raised_ = {std::string(message), number};
  const bool says = (out_of_memory && (!out_of_memory_ || !has(out_of_memory_.text, kTried))) || (failing && !failing_);
  if (out_of_memory || failing) fail(message, number, stage);
  return says || exception_.line == number;
}

const Said& Ending::root() const {
  if (exception_) return exception_;
  if (early_exception_) return early_exception_;
  return raised_ ? raised_ : failing_;
}

void Ending::settle(StartUp& start) const {
  const auto end = [&](Outcome outcome, const Said& cause) {
    start.outcome = outcome;
    start.cause = cause;
  };
  start.later = later_;
  start.refusal = Refusal::kNone;
  const bool out_of_memory_first = out_of_memory_ && (!refusal_ || out_of_memory_.line < refusal_.line);
  if (start.stage == Stage::kServing) {
    end(Outcome::kStarted, {});
  } else if (out_of_memory_first) {
    const bool warming = has(out_of_memory_.text, "warming up");
    const Outcome by_stage = failed_at_ >= Stage::kKvSized  ? Outcome::kOutOfMemoryCapturing
                             : failed_at_ >= Stage::kLoaded ? Outcome::kOutOfMemoryProfiling
                                                            : Outcome::kOutOfMemoryLoading;
    end(warming ? Outcome::kOutOfMemoryCapturing : by_stage, out_of_memory_);
  } else if (refusal_) {
    end(Outcome::kRefused, refusal_);
    start.refusal = kind_;
  } else if (failing_) {
    end(Outcome::kFailed, root());
  } else if (start.stage == Stage::kCaptured) {
    end(Outcome::kStarted, {});
  } else if (early_exception_ && start.stage > Stage::kNothing && early_exception_.line + 3 >= start.last_line) {
    end(Outcome::kFailed, early_exception_);
  } else {
    end(Outcome::kUnfinished, {});
  }
  const bool beginning = start.config_line > 0 || start.args_line > 0;
  start.cause_missing =
      start.outcome == Outcome::kFailed && (start.cause.text == failing_.text || start.cause.text == raised_.text);
  start.lines_missing = !beginning || start.cause_missing || start.outcome == Outcome::kUnfinished;
}

}  // namespace vram::logs
