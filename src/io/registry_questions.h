// A registry that is handed in as text: read, and changed without being written.
#pragma once

#include "json/value.h"
#include "units/result.h"

namespace vram::io {

/// {"text"} -> {"entries": [{"name", "display_name", "backend", "models": [candidates], "args", "formula": {figure:
/// {"value", "from"}}, "quant", "kv_dtype", "missing"}]}
Result<json::Value> registry_entries(const json::Value& asked);

/// {"text", "place", "name", "settings": {"context", "max_num_seqs", "gpu_memory_utilization", "kv_cache_dtype"}} ->
/// {"text", "diff"}
///   errors  as registry::with_settings
Result<json::Value> registry_apply(const json::Value& asked);

}  // namespace vram::io
