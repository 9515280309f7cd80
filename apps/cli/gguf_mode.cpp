#include "gguf_mode.h"

#include "command.h"
#include "io/gguf_file.h"
#include "json/write.h"
#include "report/gguf_text.h"

namespace vram::cli {

std::optional<std::string> named_gguf(std::span<const std::string> words) {
  for (const std::string& word : words)
    if (!word.starts_with('-') && io::is_gguf(word)) return word;
  return std::nullopt;
}

Result<int> inspect_gguf(const std::string& model, const Arguments& arguments, const Session& session) {
  const auto file = io::load_gguf(model);
  if (!file) return file.error();
  session.terminal.print(arguments.flag("--json") ? json::write_pretty(report::gguf_json(*file, model)) + '\n'
                                                  : report::gguf_text(*file, model, session.terminal.look().out.width));
  return kExitFits;
}

}  // namespace vram::cli
