// All cores on one sweep, its rows in order and its memory flat. The one module with threads.
#pragma once

#include <functional>
#include <string_view>

#include "sweep/row.h"

namespace vram::sweep {

struct Run {
  std::int64_t begin = 0, end = 0;             // rows
  int threads = 1;                             // that compute, the calling one among them
  std::function<RowWriter()> writer;           // a thread's own
  std::function<bool(std::string_view)> take;  // rows in order, on the calling thread; false: stop
  std::function<void(std::int64_t)> progress;  // rows that have been taken so far
};

/// False where `take` stopped it.
bool run(const Run& sweep);

}  // namespace vram::sweep
