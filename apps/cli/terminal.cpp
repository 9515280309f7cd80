#include "terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "units/secrets.h"
#include "units/text.h"

namespace vram::cli {
namespace {

constexpr int kWidest = 100;

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? std::optional<std::string>(value) : std::nullopt;
}

bool is_set(const std::optional<std::string>& variable) { return variable && !variable->empty(); }

bool coloured(const Surroundings& around, bool is_terminal, When when) {
  if (when != When::kAuto) return when == When::kAlways;
  if (is_set(around.no_color)) return false;
  if (is_set(around.clicolor_force) && around.clicolor_force != "0") return true;
  return is_terminal && around.term != "dumb";
}

bool locale_is_utf8(const Surroundings& around) {
  for (const auto* locale : {&around.lc_all, &around.lc_ctype, &around.lang}) {
    if (!is_set(*locale)) continue;
    const std::string name = lower(**locale);
    return name.find("utf-8") != std::string::npos || name.find("utf8") != std::string::npos;
  }
  return false;
}

/// One line that moves no cursor, whatever was typed.
std::string harmless(std::string_view sentence, bool unicode) {
  std::string line;
  for (std::size_t i = 0; i < sentence.size(); ++i) {
    const auto byte = static_cast<unsigned char>(sentence[i]);
    if (byte < 0x20 || byte == 0x7f) {
      line += '?';
    } else if (!unicode && sentence.substr(i).starts_with("…")) {
      line += "...";
      i += std::string_view("…").size() - 1;
    } else {
      line += char(byte);
    }
  }
  return line;
}

}  // namespace

Surroundings look_around() {
  Surroundings around;
  around.out_is_terminal = ::isatty(STDOUT_FILENO) != 0;
  around.err_is_terminal = ::isatty(STDERR_FILENO) != 0;
  winsize size{};
  if (around.out_is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) around.columns = size.ws_col;
  around.no_color = variable("NO_COLOR");
  around.clicolor_force = variable("CLICOLOR_FORCE");
  around.term = variable("TERM");
  around.columns_variable = variable("COLUMNS");
  around.lc_all = variable("LC_ALL");
  around.lc_ctype = variable("LC_CTYPE");
  around.lang = variable("LANG");
  return around;
}

Result<When> read_when(std::string_view text, std::string_view place) {
  if (text == "auto") return When::kAuto;
  if (text == "always") return When::kAlways;
  if (text == "never") return When::kNever;
  return Error{ErrorCode::kBadInput, std::string(place),
               "expected auto, always or never, found \"" + std::string(text) + '"', ""};
}

Look look(const Surroundings& around, When colour, bool ascii) {
  const auto stated = read_integer(around.columns_variable.value_or(""));
  const std::int64_t width = around.columns > 0 ? around.columns : stated && *stated > 0 ? *stated : 80;
  report::TextStyle both;
  both.width = int(std::min<std::int64_t>(width, kWidest));
  both.unicode = !ascii && around.term != "dumb" && locale_is_utf8(around);
  Look look{both, both, around.out_is_terminal, around.err_is_terminal && around.term != "dumb"};
  look.out.colour = coloured(around, around.out_is_terminal, colour);
  look.out.bar = around.out_is_terminal;
  look.err.colour = coloured(around, around.err_is_terminal, colour);
  return look;
}

void Terminal::print(std::string_view text) const { std::fwrite(text.data(), 1, text.size(), stdout); }

void Terminal::say(std::string_view sentence) const {
  const std::string line = harmless(sentence, look_.err.unicode) + '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void Terminal::rewrite(std::string_view sentence) const {
  if (!look_.err_is_terminal) return;
  const std::string line = "\r\033[K" + harmless(sentence, look_.err.unicode);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void Terminal::say(std::string_view label, report::Paint paint, const Error& error) const {
  const std::string line = report::painted(label, paint, look_.err) + ' ' +
                           harmless(without_credentials(error.sentence()), look_.err.unicode) + '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void Terminal::warn(const Error& error) const { say("warning:", report::Paint::kUnsure, error); }

void Terminal::complain(const Error& error) const { say("error:", report::Paint::kBad, error); }

bool Terminal::finish() const {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return true;
  complain({ErrorCode::kUnavailable, "standard output", std::generic_category().message(errno), ""});
  return false;
}

}  // namespace vram::cli
