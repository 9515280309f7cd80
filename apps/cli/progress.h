// What is being fetched, on the terminal that standard error is.
#pragma once

#include "io/http.h"
#include "terminal.h"

namespace vram::cli {

/// Rewrites one line on standard error and clears it at the end; nothing where that is no terminal. `terminal` must
/// outlive the answer.
io::HttpProgress progress_on(const Terminal& terminal);

}  // namespace vram::cli
