// launch: the commands for a shell, a machine's after the other's.
#include "report/formats.h"
#include "report/launch.h"

namespace vram::report::formats {

extern const Entry launch_line;

namespace {

constexpr int kWidth = 100;

std::string write(const Answered& answered) {
  std::string out = refusal_comment(answered.report);
  for (const NodeLaunch& node : launches(answered.request)) {
    if (!node.where.empty()) out += "# " + node.where + '\n';
    for (const auto& words : node.lines) out += command_text(words, kWidth, "");
  }
  return out;
}

}  // namespace

const Entry launch_line{"launch", "the command that starts vLLM", write};

}  // namespace vram::report::formats
