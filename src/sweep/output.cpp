#include "sweep/output.h"

#include <filesystem>

namespace vram::sweep {
namespace {

Error unavailable(const std::string& path, const char* problem) {
  return {ErrorCode::kUnavailable, path, problem, "give --output a file that can be written"};
}

/// What a file holds, read line by line: its rows may be more than memory has room for.
struct Held {
  std::uintmax_t bytes = 0;  // of whole lines
  std::int64_t lines = 0;
  std::string first, last;  // with their ends
};

Held look_through(std::FILE* file) {
  Held held;
  std::string line;
  char block[1 << 16];
  for (std::size_t count; (count = std::fread(block, 1, sizeof block, file)) > 0;) {
    std::string_view rest(block, count);
    for (std::size_t end; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
      line.append(rest.substr(0, end + 1));
      held.bytes += line.size();
      if (held.lines++ == 0) held.first = line;
      held.last.swap(line);
      line.clear();
    }
    line.append(rest);
  }
  return held;
}

}  // namespace

Result<Output> Output::create(const std::string& path, std::string_view heading) {
  Output output(File(std::fopen(path.c_str(), "wb"), std::fclose));
  if (!output.file_ || !output.write(heading)) return unavailable(path, "it cannot be written");
  return output;
}

Result<Output> Output::resume(const std::string& path, std::string_view heading) {
  const File before(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!before) return create(path, heading);
  const Held held = look_through(before.get());
  if (held.lines == 0) return create(path, heading);
  const bool headed = !heading.empty();
  if (headed && held.first != heading)
    return Error{ErrorCode::kBadInput, path, "it begins with another heading: it holds the rows of another sweep",
                 "give --output another file, or leave --resume out to write over this one"};
  std::error_code failed;
  std::filesystem::resize_file(path, held.bytes, failed);
  Output output(File(std::fopen(path.c_str(), "ab"), std::fclose));
  if (failed || !output.file_) return unavailable(path, "it cannot be written");
  output.rows_ = held.lines - (headed ? 1 : 0);
  if (output.rows_ > 0) output.last_row_ = held.last;
  return output;
}

bool Output::write(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size();
}

bool Output::close() {
  const bool whole = std::fflush(file_.get()) == 0;
  return std::fclose(file_.release()) == 0 && whole;
}

}  // namespace vram::sweep
