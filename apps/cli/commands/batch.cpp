// batch: requests in JSON lines, reports in JSON lines.
#include <cstdio>
#include <memory>

#include "arguments.h"
#include "command.h"
#include "io/questions.h"
#include "io/recall.h"
#include "json/write.h"
#include "session.h"

namespace vram::cli::commands {
namespace {

constexpr std::size_t kMostLine = 4u << 20;

std::vector<Option> options() { return {}; }

/// The next line without its end; false at the end of the input. Of a line that is too long only the front is kept.
bool next_line(std::FILE* in, std::string& line) {
  line.clear();
  int c = std::getc(in);
  if (c == EOF) return false;
  for (; c != EOF && c != '\n'; c = std::getc(in))
    if (line.size() <= kMostLine) line += char(c);
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const std::string path = arguments.word().value_or("-");
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(nullptr, std::fclose);
  if (path != "-") {
    file.reset(std::fopen(path.c_str(), "rb"));
    if (!file)
      return Error{ErrorCode::kNotFound, path, "it cannot be opened",
                   "give a file of JSON lines, or - for standard input"};
  }
  const io::Recall recall(io::Machine{session.detect, {}, {}, {.hub = true}});
  std::string line;
  while (next_line(file ? file.get() : stdin, line)) {
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    session.terminal.print(json::write_line(io::answer("estimate", line, recall.machine())) + '\n');
  }
  return kExitFits;
}

}  // namespace

extern const Command batch;
const Command batch{
    .name = "batch",
    .order = 60,
    .usage = "[FILE|-]",
    .summary = "Answers requests in JSON lines, in order",
    .about =
        "Reads a request a line and prints a report a line, in order; a line that is wrong gives an error object and "
        "the rest go on.",
    .word = "FILE",
    .options = options,
    .exit = "0 all lines were answered, 2 the input cannot be read.",
    .example = "batch requests.jsonl",
    .run = run,
};

}  // namespace vram::cli::commands
