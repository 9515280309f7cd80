// What reports call the kinds of KV-cache groups.
#pragma once

#include "memory/kv_plan.h"

namespace vram::report {

/// "full", "sliding_window", "mla", …; "uniform" where layers of different pages share a table.
const char* cache_kind(const memory::KvGroup& group);

}  // namespace vram::report
