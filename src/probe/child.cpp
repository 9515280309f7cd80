#include "probe/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "units/text.h"

namespace vram::probe {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kMostOutput = 1u << 20;

int milliseconds_until(Clock::time_point deadline) {
  return int(std::max<std::int64_t>(0, std::chrono::ceil<milliseconds>(deadline - Clock::now()).count()));
}

/// Reads until the child closes its end.
Outcome::End collect(int in, Clock::time_point deadline, std::string& output) {
  for (;;) {
    pollfd ready{in, POLLIN, 0};
    const int waited = poll(&ready, 1, milliseconds_until(deadline));
    if (waited == 0) return Outcome::End::kTimedOut;
    if (waited < 0 && errno != EINTR) return Outcome::End::kNotStarted;
    if (waited < 0) continue;
    char buffer[4096];
    const ssize_t count = read(in, buffer, sizeof buffer);
    if (count == 0) return Outcome::End::kExited;
    if (count < 0 && errno != EINTR) return Outcome::End::kNotStarted;
    if (count > 0) output.append(buffer, std::size_t(count));
    if (output.size() > kMostOutput) return Outcome::End::kTooMuchOutput;
  }
}

/// Waits for a child that has closed its output and should be about to end.
bool ended(pid_t child, Clock::time_point deadline, int& status) {
  for (;;) {
    const pid_t waited = waitpid(child, &status, WNOHANG);
    if (waited == child) return true;
    const int left = milliseconds_until(deadline);
    if (waited < 0 || left == 0) return false;
    poll(nullptr, 0, std::min(left, 5));
  }
}

Outcome supervise(pid_t child, int in, milliseconds limit) {
  const Clock::time_point deadline = Clock::now() + limit;
  Outcome outcome;
  outcome.end = collect(in, deadline, outcome.output);
  close(in);
  int status = 0;
  if (outcome.end == Outcome::End::kExited && !ended(child, deadline, status)) outcome.end = Outcome::End::kTimedOut;
  if (outcome.end != Outcome::End::kExited) {
    kill(-child, SIGKILL);  // its whole group: a wrapper script's own children too
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return outcome;
  }
  if (WIFSIGNALED(status)) outcome.end = Outcome::End::kKilledBySignal;
  outcome.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  return outcome;
}

}  // namespace

std::string Outcome::words(milliseconds limit) const {
  switch (end) {
    case End::kExited:
      return "exited with status " + std::to_string(status);
    case End::kKilledBySignal:
      return "was ended by signal " + std::to_string(status);
    case End::kTimedOut:
      return "did not answer within " + fixed(double(limit.count()) / 1000, limit.count() % 1000 ? 1 : 0) + " s";
    case End::kTooMuchOutput:
      return "answered more than 1 MiB";
    case End::kNotStarted:
      return "could not be started";
  }
  return "";
}

bool write_all(int out, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(out, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(std::size_t(count));
  }
  return true;
}

Outcome run_in_child(milliseconds limit, const std::function<int(int out)>& body) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    close(ends[0]);
    _exit(body(ends[1]));
  }
  close(ends[1]);
  if (child > 0) return supervise(child, ends[0], limit);
  close(ends[0]);
  return {};
}

Outcome run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                    milliseconds limit) {
  // Everything that allocates is done before the fork.
  std::vector<std::string> words = {program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return run_in_child(limit, [&](int out) {
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(nothing, STDERR_FILENO) < 0)
      return 126;
    execv(argv[0], argv.data());
    return 127;
  });
}

}  // namespace vram::probe
