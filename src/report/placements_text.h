// Placements for a terminal, and for programs.
#pragma once

#include <string>

#include "json/value.h"
#include "plan/placements.h"
#include "report/text_style.h"

namespace vram::report {

/// "Fewest GPUs for 64 requests of 8,192 tokens: 2 x H200 141 GB." and the table under it, what does not do, and the
/// launch of the first.
std::string placements_text(const plan::PlacementQuestion& question, const plan::Placements& answer,
                            const TextStyle& style);

/// Each placement with the request that `estimate` and `batch` answer, and its launch commands.
json::Value placements_json(const plan::PlacementQuestion& question, const plan::Placements& answer);

}  // namespace vram::report
