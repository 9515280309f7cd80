// Drivers are asked from a child process: one that hangs is killed when its time is over, and one that crashes takes
// only the child with it.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace vram::probe {

struct Outcome {
  enum class End { kExited, kKilledBySignal, kTimedOut, kTooMuchOutput, kNotStarted };
  End end = End::kNotStarted;
  int status = 0;  // exit status or signal
  std::string output;

  [[nodiscard]] bool succeeded() const { return end == End::kExited && status == 0; }
  /// How it ended, after the name of who was asked: "exited with status 9", "did not answer within 5 s".
  [[nodiscard]] std::string words(std::chrono::milliseconds limit) const;
};

/// Calls `body` in a child with a file descriptor to write to; what it answers is the child's exit status. Output over
/// 1 MiB ends it.
Outcome run_in_child(std::chrono::milliseconds limit, const std::function<int(int out)>& body);

/// Runs a program without a shell, its standard output collected, its standard input and error at /dev/null.
Outcome run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                    std::chrono::milliseconds limit);

/// Writes all of `text`; false when the reader is gone.
bool write_all(int out, std::string_view text);

}  // namespace vram::probe
