#include "progress.h"

#include <string>

namespace vram::cli {

io::HttpProgress progress_on(const Terminal& terminal) {
  return [&terminal](std::size_t done, std::size_t of) {
    constexpr std::size_t kFew = 4;  // that are there before anybody has read a line
    if (of < kFew) return;
    terminal.rewrite(done < of ? "reading " + std::to_string(done) + " of " + std::to_string(of) + " files" : "");
  };
}

}  // namespace vram::cli
