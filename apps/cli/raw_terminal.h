// A terminal without lines: keys as they are pressed, a screen that is drawn over.
#pragma once

#include <signal.h>
#include <termios.h>

#include <optional>
#include <string>
#include <string_view>

#include "units/result.h"

namespace vram::cli {

/// From open() to the end of its life the terminal is in raw mode, on its second screen; after that it is as it was,
/// also when the program is told to end or to hang up.
class RawTerminal {
 public:
  /// errors  kUnavailable where standard input or output is no terminal
  static Result<RawTerminal> open();
  RawTerminal(RawTerminal&& other) noexcept;
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal();

  /// Bytes typed, or "" where the window's size has changed; nothing once input has ended or a signal asks to end.
  std::optional<std::string> wait();
  /// Draws `lines` from the top and clears the rest.
  void draw(std::string_view lines);
  [[nodiscard]] int width() const;

 private:
  RawTerminal() = default;

  bool open_ = false;
  int signals_ = -1;
  termios before_{};
  sigset_t mask_{};
};

}  // namespace vram::cli
