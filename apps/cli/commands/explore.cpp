// explore: change a launch with the arrow keys and see its memory move.
#include <algorithm>

#include "command.h"
#include "explorer.h"
#include "question.h"
#include "raw_terminal.h"
#include "report/launch.h"
#include "report/report_text.h"
#include "session.h"

namespace vram::cli::commands {
namespace {

constexpr int kWidest = 100;

std::vector<Option> options() { return question_options(); }

/// False once it is time to go.
bool typed(std::string& pending, const std::string& bytes, Explorer& explorer) {
  pending += bytes;
  while (!pending.empty()) {
    const KeyPress press = read_key(pending);
    if (press.bytes == 0) return true;
    if (press.key == Key::kQuit) return false;
    explorer.press(press.key);
    pending.erase(0, press.bytes);
  }
  return true;
}

void explore_in(RawTerminal& screen, Explorer& explorer, report::TextStyle style) {
  style.bar = true;
  std::string pending;
  for (bool stay = true; stay;) {
    style.width = std::min(screen.width(), kWidest);
    screen.draw(explorer.frame(style));
    const auto bytes = screen.wait();
    stay = bytes && typed(pending, *bytes, explorer);
  }
}

Result<int> run(const Arguments& arguments, const Session& session) {
  auto request = read_question(arguments, session);
  if (!request) return request.error();
  auto explorer = Explorer::open(*std::move(request));
  if (!explorer) return explorer.error();
  const report::TextStyle style = session.terminal.look().out;
  if (auto screen = RawTerminal::open()) {
    explore_in(*screen, *explorer, style);
  } else {
    session.terminal.print(report::report_text(explorer->report(), style));
    return explorer->report().verdict.fits ? kExitFits : kExitRefused;
  }
  for (const report::NodeLaunch& node : report::launches(explorer->request()))
    for (const auto& words : node.lines) session.terminal.print(report::command_text(words, style.width, ""));
  return explorer->report().verdict.fits ? kExitFits : kExitRefused;
}

}  // namespace

extern const Command explore;
const Command explore{
    .name = "explore",
    .order = 35,
    .usage = "MODEL [vLLM flags] [options]",
    .summary = "Changes a launch with the arrow keys and draws its memory",
    .about =
        "Shows what MODEL takes while arguments and the GPU are changed with the arrow keys; prints the launch line at "
        "the end. Without a terminal it prints the report.",
    .word = "MODEL",
    .passes_on = true,
    .options = options,
    .exit = "0 the last launch starts, 1 it would be refused, 2 the command or an input is wrong.",
    .example = "explore Qwen/Qwen3-8B --gpu 4090",
    .run = run,
};

}  // namespace vram::cli::commands
