#include "raw_terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <utility>

namespace vram::cli {
namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l", kLeave = "\x1b[?25h\x1b[?1049l";

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(std::size_t(written));
  }
}

}  // namespace

Result<RawTerminal> RawTerminal::open() {
  RawTerminal terminal;
  if (!::isatty(STDIN_FILENO) || !::isatty(STDOUT_FILENO) || ::tcgetattr(STDIN_FILENO, &terminal.before_) != 0)
    return Error{ErrorCode::kUnavailable, "explore", "standard input and output are not a terminal", ""};
  sigset_t watched;
  sigemptyset(&watched);
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGWINCH}) sigaddset(&watched, signal);
  ::sigprocmask(SIG_BLOCK, &watched, &terminal.mask_);
  terminal.signals_ = ::signalfd(-1, &watched, SFD_CLOEXEC);
  termios raw = terminal.before_;
  raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN);
  raw.c_iflag &= ~tcflag_t(IXON | ICRNL);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  terminal.open_ = true;
  write_all(kEnter);
  return terminal;
}

RawTerminal::RawTerminal(RawTerminal&& other) noexcept
    : open_(std::exchange(other.open_, false)),
      signals_(std::exchange(other.signals_, -1)),
      before_(other.before_),
      mask_(other.mask_) {}

RawTerminal::~RawTerminal() {
  if (open_) {
    write_all(kLeave);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }
  if (signals_ >= 0) ::close(signals_);
}

std::optional<std::string> RawTerminal::wait() {
  pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {signals_, POLLIN, 0}};
  if (::poll(watched, 2, -1) < 0) return std::nullopt;
  if (watched[1].revents & POLLIN) {
    signalfd_siginfo seen{};
    if (::read(signals_, &seen, sizeof(seen)) != ssize_t(sizeof(seen)) || seen.ssi_signo != SIGWINCH)
      return std::nullopt;
    return std::string();
  }
  char bytes[64];
  const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof(bytes));
  if (count <= 0) return std::nullopt;
  return std::string(bytes, std::size_t(count));
}

void RawTerminal::draw(std::string_view lines) {
  std::string out = "\x1b[H";
  for (const char c : lines) out += c == '\n' ? std::string("\x1b[K\r\n") : std::string(1, c);
  write_all(out + "\x1b[J");
}

int RawTerminal::width() const {
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? int(size.ws_col) : 80;
}

}  // namespace vram::cli
