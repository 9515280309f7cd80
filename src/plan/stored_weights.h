// The report's word on what the checkpoint stores: a check on weights by config, or where they come from.
#pragma once

#include "plan/report.h"

namespace vram::plan {

/// Fills in `checkpoint` where the model's weights are at hand, and the assumptions that go with them.
void add_checkpoint(const Exact& exact, Report& report);

}  // namespace vram::plan
