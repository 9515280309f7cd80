// launch: the commands for a shell, a machine's after the other's.
#include "report/formats.h"
#include "report/launch.h"

namespace vram::report::formats {

extern const Entry launch_line;

namespace {

std::string write(const Answered& answered) { return refusal_comment(answered.report) + launch_text(answered.request); }

}  // namespace

const Entry launch_line{"launch", "the command that starts vLLM", write};

}  // namespace vram::report::formats
