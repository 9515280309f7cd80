// The memory of one rank as a bar of cells.
#pragma once

#include <string>

#include "plan/report.h"
#include "report/text_style.h"

namespace vram::report {

/// Heading, bar and labels: "rank 0, GiB … budget 0.95 = 75.23  │".
///
///   what    "rank 0", "ranks 0 and 1 alike"
std::string memory_bar(const plan::Report& report, const plan::RankReport& rank, const std::string& what,
                       const TextStyle& style);

/// The key of the letters, for a bar without block characters; empty otherwise.
std::string bar_key(const TextStyle& style);

}  // namespace vram::report
